// A half-written form survives a lost connection. Fields marked data-private, files and tokens are never kept.
const PREFIX = "petitions-draft/";

function kept(field) {
  return field.name && !["hidden", "file", "password"].includes(field.type) && !field.closest("[data-private]");
}

export function drafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const key = PREFIX + form.dataset.draft;
    const before = read(key);
    for (const field of form.elements) {
      const name = field.name;
      if (!kept(field) || !(name in before) || field.dataset.given !== undefined) continue;
      if (field.type === "checkbox" || field.type === "radio") field.checked = before[name].includes(field.value);
      else if (!field.value) field.value = before[name][0];
    }
    form.addEventListener("input", () => {
      const now = {};
      for (const field of form.elements) {
        if (!kept(field)) continue;
        if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
        (now[field.name] ??= []).push(field.value);
      }
      try { localStorage.setItem(key, JSON.stringify(now)); } catch { /* a full store only loses comfort */ }
    });
    form.addEventListener("submit", () => sessionStorage.setItem(PREFIX + "sent", key));
  }
  // The server names what was taken; only then the draft goes.
  if (document.querySelector("[data-taken]")) {
    const sent = sessionStorage.getItem(PREFIX + "sent");
    if (sent) localStorage.removeItem(sent);
    sessionStorage.removeItem(PREFIX + "sent");
  }
  if (document.querySelector("[data-forget-drafts]")) {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}

function read(key) {
  try { return JSON.parse(localStorage.getItem(key) ?? "{}"); } catch { return {}; }
}
