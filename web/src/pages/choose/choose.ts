// Choosing many pictures of a grid or a list, and changing, moving, gathering or deleting them together.

import { busy, isRunning } from "../forms";
import { shortcuts } from "../page";
import { isCovered } from "../sheets";
import { deleteAll, edit, gatherAll, moveAll } from "./actions";
import { dragging } from "./dragging";
import { bar, boxes, choose, chooseAll, chooseAllOrNone, chosen, clicked, reached, show, tileOf } from "./selection";

function keys(event: KeyboardEvent): void {
  const at = event.target instanceof Element ? event.target : document.body;
  if (isCovered() || at.closest("input:not([type=checkbox]), textarea, select, [popover]")) return;
  const tile = tileOf(at);
  const box = tile?.querySelector<HTMLInputElement>(".pick input");
  // The focus has moved already.
  if (tile && /^(Arrow|Home$|End$)/.test(event.key)) {
    reached(tile, document.activeElement && tileOf(document.activeElement), event.shiftKey);
  } else if (event.key === " " && box && at !== box) {
    event.preventDefault();
    box.click();
  } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && boxes().length > 0) {
    event.preventDefault();
    void chooseAll();
  } else if (event.key === "Escape" && chosen().length > 0) {
    choose(false);
  } else if (shortcuts && chosen().length > 0 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const key = event.key === "Backspace" ? "Delete" : event.key;
    const button = bar()?.querySelector<HTMLElement>(`button[data-key="${CSS.escape(key)}"]:not([hidden])`);
    if (!button) return;
    event.preventDefault();
    button.click();
  }
}

/** What is said for a moment stands above the bar, however high it is. */
function lifting(place: HTMLElement): void {
  const root = document.documentElement;
  const lift = (): void => {
    const { height, top } = place.getBoundingClientRect();
    if (height > 0) root.style.setProperty("--bar", `${root.clientHeight - top}px`);
    else root.style.removeProperty("--bar");
  };
  new ResizeObserver(lift).observe(place);
}

export function choosing(): void {
  const place = bar();
  if (!place) return;
  lifting(place);
  document.documentElement.setAttribute("data-ready", "");
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.closest(".pick")) show();
  });
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement && box.closest(".pick")) clicked(box, event.shiftKey);
  });
  document.addEventListener("keydown", keys);
  document.querySelector("[data-choose-all]")?.addEventListener("click", chooseAllOrNone);
  document.querySelector("[data-choice-gather]")?.addEventListener("click", () => void gatherAll());
  document.querySelector("[data-choose-none]")?.addEventListener("click", () => choose(false));
  const actions: [string, (form: HTMLFormElement) => Promise<void>][] = [
    ["form[data-choice-edit]", edit],
    ["form[data-choice-move]", moveAll],
    ["form[data-choice-delete]", deleteAll],
  ];
  for (const [selector, act] of actions) {
    const form = document.querySelector<HTMLFormElement>(selector);
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      if (isRunning(form)) return;
      busy(form, true);
      void act(form).finally(() => busy(form, false));
    });
  }
  dragging();
  show();
}
