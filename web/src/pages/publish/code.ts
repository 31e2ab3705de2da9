// The code for other pages: one way at a time, each with a button that copies it.

import { copy } from "../copy";

let chosen = "";

/** Makes tabs of the outputs below an element. */
export function tabs(place: HTMLElement): void {
  const outputs = [...place.querySelectorAll<HTMLElement>("[data-output]")];
  place.querySelector(".tablist")?.remove();
  place.classList.toggle("tabbed", outputs.length > 0);
  if (outputs.length === 0) return;
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  const title = document.getElementById("code-title");
  if (title) list.setAttribute("aria-labelledby", title.id);
  const buttons = outputs.map((output) => tab(output));
  list.append(...buttons);
  place.prepend(list);
  const show = (at: number): void => {
    for (const [index, output] of outputs.entries()) {
      const here = index === at;
      output.hidden = !here;
      buttons[index]?.setAttribute("aria-selected", String(here));
      if (buttons[index]) buttons[index].tabIndex = here ? 0 : -1;
      if (here) chosen = output.id;
    }
  };
  for (const [at, button] of buttons.entries()) button.addEventListener("click", () => show(at));
  list.addEventListener("keydown", (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : at + step;
    const next = buttons[(to + buttons.length) % buttons.length];
    if (at < 0 || !next || next === buttons[at]) return;
    event.preventDefault();
    next.focus();
    next.click();
  });
  show(Math.max(0, outputs.findIndex((output) => output.id === chosen)));
}

function tab(output: HTMLElement): HTMLButtonElement {
  const button = document.createElement("button");
  const heading = output.querySelector<HTMLElement>("h3");
  button.type = "button";
  button.id = `tab-${output.id}`;
  button.textContent = heading?.textContent ?? "";
  button.setAttribute("role", "tab");
  button.setAttribute("aria-controls", output.id);
  output.setAttribute("role", "tabpanel");
  output.setAttribute("aria-labelledby", button.id);
  const copies = output.querySelector<HTMLButtonElement>("[data-copies]");
  if (copies) {
    const code = output.querySelector("pre");
    copies.hidden = false;
    copies.addEventListener("click", () => code && void copy(code, copies));
  }
  return button;
}
