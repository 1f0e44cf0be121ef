// Comfort on top of pages that work without it: keys, live lists, drafts, dropped files, things that pass.
import { keys } from "./keys.js";
import { drafts } from "./drafts.js";
import { uploads } from "./uploads.js";
import { live } from "./live.js";

function passing(root) {
  // Undo is offered for ten seconds; a revealed identity goes when its minute is over.
  for (const node of root.querySelectorAll("[data-passes]")) {
    const left = Number(node.dataset.passes) * 1000;
    setTimeout(() => node.remove(), left);
  }
}

function rows(root) {
  for (const button of root.querySelectorAll("[data-more-rows]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const list = document.getElementById(button.dataset.moreRows);
      const last = list.lastElementChild;
      const next = last.cloneNode(true);
      const number = list.children.length;
      for (const field of next.querySelectorAll("[name]")) {
        field.name = field.name.replace(/\d+/, String(number));
        if (field.id) field.id = field.id.replace(/\d+/, String(number));
        if (field.type !== "hidden") field.value = "";
      }
      for (const label of next.querySelectorAll("label[for]")) label.htmlFor = label.htmlFor.replace(/\d+/, String(number));
      list.append(next);
      next.querySelector("textarea, input, select")?.focus();
    });
  }
  for (const all of root.querySelectorAll("[data-all]")) {
    all.addEventListener("change", () => {
      for (const box of document.querySelectorAll(all.dataset.all)) box.checked = all.checked;
    });
  }
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

function wake(root) {
  passing(root);
  rows(root);
  drafts(root);
  uploads(root);
}

if (matchMedia("(max-width: 820px)").matches) {
  for (const card of document.querySelectorAll(".panel details[open]")) card.open = false;
}
wake(document);
keys();
live();
document.addEventListener("htmx:afterSwap", (event) => wake(event.detail.target ?? document));
document.addEventListener("htmx:sendError", () => tell("网络中断：这一步没有送达，内容还在页面上，请稍后再试。"));

function tell(sentence) {
  const place = document.getElementById("news");
  if (place) place.innerHTML = "";
  const note = document.createElement("p");
  note.className = "note late";
  note.textContent = sentence;
  place?.append(note);
}
