// The basket: pictures are put into it without leaving the page.

import { Refused, call, say, word } from "./page";

interface Gathered {
  added: number;
  images: number;
}

/** Puts pictures into the basket and says so; tells whether that could be done. */
export async function gather(ids: string[]): Promise<boolean> {
  try {
    const fields = new URLSearchParams({ image_ids: ids.join(",") });
    const { added, images } = await call<Gathered>("POST", "/basket/images", fields);
    for (const count of document.querySelectorAll<HTMLElement>("[data-basket-count]")) {
      count.textContent = images.toLocaleString(document.documentElement.lang || undefined);
      count.hidden = false;
    }
    say(added > 0 ? word("gathered", { count: images }) : word("gathered-none"));
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    return false;
  }
}

export function gathering(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("gather" in form.dataset)) return;
    event.preventDefault();
    void gather([String(new FormData(form).get("image_ids"))]);
  });
}
