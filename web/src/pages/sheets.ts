// Sheets lie over the page. Without scripts they are popovers, beside which the page can still be used; with this
// one they are dialogs: the focus stays in them, Escape closes them, and the focus goes back to where it was.

import { filled } from "./page";

/** Makes a dialog of a sheet, with what is in it. */
function dialogOf(sheet: HTMLElement): void {
  const dialog = document.createElement("dialog");
  for (const { name, value } of sheet.attributes) {
    if (name !== "popover" && name !== "role") dialog.setAttribute(name, value);
  }
  dialog.append(...sheet.childNodes);
  sheet.replaceWith(dialog);
}

/** What stands in a field, as it is read. */
function told(field: HTMLInputElement): string {
  const day = field.type === "date" ? field.valueAsDate : null;
  return day?.toLocaleDateString(navigator.languages as string[], { dateStyle: "medium", timeZone: "UTC" }) ?? field.value.trim();
}

/** Has a sheet that asks say of what, where that is typed into the form around it. */
function naming(sheet: HTMLElement): void {
  const heading = sheet.querySelector<HTMLElement>("[data-of]");
  if (!heading) return;
  const field = sheet.closest("form")?.querySelector<HTMLInputElement>("input[required]");
  const usual = (heading.dataset["usual"] ??= heading.textContent ?? "");
  const name = field ? told(field) : "";
  heading.textContent = name === "" ? usual : filled(heading.dataset["of"] ?? "", { name });
}

/** Opens a sheet by its id. */
export function open(id: string): void {
  const sheet = document.getElementById(id);
  if (!(sheet instanceof HTMLDialogElement) || sheet.open) return;
  naming(sheet);
  sheet.showModal();
}

/** Closes the sheet around an element. */
export function close(within: Element): void {
  within.closest("dialog")?.close();
}

/** Closes a sheet for somebody who wants it closed, unless what runs in it has to end first. Escape asks in the same way. */
function dismiss(sheet: HTMLDialogElement): void {
  if (sheet.dispatchEvent(new Event("cancel", { cancelable: true }))) sheet.close();
}

/** Whether a sheet lies over the page. Keys are for it alone then, wherever the focus is. */
export const isCovered = (): boolean => document.querySelector("dialog[open]") !== null;

/** Makes dialogs of all sheets below an element. */
export function dialogs(root: ParentNode): void {
  for (const sheet of root.querySelectorAll<HTMLElement>(".sheet[popover]")) dialogOf(sheet);
}

/** The sheet beside which, on the veil over the page, something happens. */
function beside(event: MouseEvent): HTMLDialogElement | null {
  const sheet = event.target;
  if (!(sheet instanceof HTMLDialogElement)) return null;
  const { left, right, top, bottom } = sheet.getBoundingClientRect();
  const within = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
  return within ? null : sheet;
}

export function sheets(): void {
  dialogs(document);
  // A click beside a sheet closes it, as it does without scripts. Text that is chosen in it may end there.
  let pressed: HTMLDialogElement | null = null;
  document.addEventListener("pointerdown", (event) => (pressed = beside(event)));
  document.addEventListener("click", (event) => {
    const sheet = beside(event);
    if (sheet && sheet === pressed) return dismiss(sheet);
    // Buttons of popovers do nothing by themselves for what is none.
    const from = event.target instanceof Element ? event.target : null;
    const button = from?.closest<HTMLElement>("button[popovertarget]");
    const target = document.getElementById(button?.getAttribute("popovertarget") ?? "");
    if (!button || !(target instanceof HTMLDialogElement)) return;
    if (button.getAttribute("popovertargetaction") === "hide") dismiss(target);
    else {
      // Out of the menu that it was chosen in, to whose button the focus goes back.
      button.closest<HTMLElement>("[popover]")?.hidePopover();
      open(target.id);
    }
  });
}
