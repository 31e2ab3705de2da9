// Questions that are pages of their own, since the server has to look something up for them: asked in a sheet over the
// page that they are asked on.

import { Refused, pageNow, say } from "./page";
import { close, open } from "./sheets";

const SHEET = "question";

/** Makes a sheet of a page's heading and its form; none of a page that asks nothing. */
function sheetOf(page: Document): HTMLDialogElement | null {
  const form = page.querySelector<HTMLFormElement>("form[data-question]");
  if (!form) return null;
  const sheet = document.createElement("dialog");
  const heading = document.createElement("h2");
  sheet.className = "sheet";
  sheet.id = SHEET;
  heading.id = `${SHEET}-heading`;
  heading.textContent = page.querySelector("h1")?.textContent ?? "";
  sheet.setAttribute("aria-labelledby", heading.id);
  sheet.append(heading, document.adoptNode(form));
  form.querySelector("[data-cancel]")?.addEventListener("click", (event) => {
    event.preventDefault();
    close(form);
  });
  sheet.addEventListener("close", () => sheet.remove());
  return sheet;
}

async function ask(link: HTMLAnchorElement): Promise<void> {
  try {
    const sheet = sheetOf(await pageNow(link.href));
    if (!sheet) return location.assign(link.href);
    document.getElementById(SHEET)?.remove();
    document.body.append(sheet);
    // Out of the menu that it was chosen in, to whose button the focus goes back.
    link.closest<HTMLElement>("[popover]")?.hidePopover();
    open(SHEET);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
  }
}

export function asking(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-ask]") : null;
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void ask(link);
  });
}
