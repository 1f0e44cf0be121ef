// Lists that change by themselves: the server says that something changed, the list then fetches itself anew.
export function live() {
  const list = document.querySelector("[data-live]");
  if (!list || !window.EventSource || !window.htmx) return;
  const source = new EventSource("/live");
  let waiting = null;
  source.addEventListener("work", () => {
    // Nothing moves under somebody's hands: a focused row or an open form waits for its turn.
    clearTimeout(waiting);
    waiting = setTimeout(function refresh() {
      const here = document.querySelector("[data-live]");
      if (!here) return;
      if (document.hidden || here.querySelector("details[open], input:checked") || here.contains(document.activeElement)) {
        waiting = setTimeout(refresh, 3000);
        return;
      }
      const known = new Set([...here.querySelectorAll("tr[id]")].map((row) => row.id));
      window.htmx.ajax("GET", location.pathname + location.search, { target: "#list", select: "#list", swap: "outerHTML" }).then(() => {
        for (const row of document.querySelectorAll("#list tr[id]")) if (!known.has(row.id)) row.classList.add("fresh");
      });
    }, 300);
  });
  addEventListener("pagehide", () => source.close());
}
