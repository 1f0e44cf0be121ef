// Keyboard: / finds, J and K move through a list, Enter opens, and whatever key an element names in data-key presses it.
export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") at.blur();
      return;
    }
    const key = event.key.toLowerCase();
    if (key === "/") {
      event.preventDefault();
      document.querySelector("[data-find]")?.focus();
      return;
    }
    const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (named) {
      event.preventDefault();
      named.click();
      return;
    }
    if (key === "j" || key === "k") {
      const links = [...document.querySelectorAll("a.whole")];
      if (!links.length) return;
      const now = links.indexOf(document.activeElement);
      const next = now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + (key === "j" ? 1 : -1)));
      links[next].focus();
      links[next].closest("tr")?.scrollIntoView({ block: "nearest" });
    }
  });
}
