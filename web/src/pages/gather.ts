// The basket: pictures are put into it without leaving the page.

import { Refused, call, say, word } from "./page";

/** Pictures of one call. */
const AT_ONCE = 500;

interface Gathered {
  added: number;
  images: number;
}

/** Puts pictures into the basket and says so; tells whether that could be done. */
export async function gather(ids: string[]): Promise<boolean> {
  try {
    let [added, images] = [0, 0];
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const fields = new URLSearchParams({ image_ids: ids.slice(at, at + AT_ONCE).join(",") });
      const done = await call<Gathered>("POST", "/basket/images", fields);
      [added, images] = [added + done.added, done.images];
    }
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
