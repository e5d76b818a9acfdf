import type { Words } from "./status.js";

/** The element of index.html with this id. A page without it is our own bug, and says so. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

/** A new element with text in it, as text alone. */
export function made(tag: string, text: string, className = ""): HTMLElement {
  const added = document.createElement(tag);
  added.textContent = text;
  if (className) added.className = className;
  return added;
}

/** An entry of a card's list: a title, a word or two beside it, and what there is to add below. */
export function listItem(title: string, words: Words | undefined, detail: string): HTMLElement {
  const item = document.createElement("li");
  const line = made("p", "", "line");
  line.append(made("b", title));
  if (words) {
    const pill = made("span", words.text, "pill");
    pill.dataset["tone"] = words.tone;
    line.append(pill);
  }
  item.append(line);
  if (detail) item.append(made("p", detail, "detail"));
  return item;
}
