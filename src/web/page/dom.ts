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
