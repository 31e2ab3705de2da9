// Pictures of a page that did not come because the server had too much to do are asked for again, a few times;
// then the page says so and offers it.

import { mayAskAgain } from "../viewers/shared/busy";
import { word } from "./page";

const PICTURES = "[data-grid] img, .folder img, .arrange img, .stage > a > img";

/** Those that are asked for again, and how often they were. */
const tries = new Map<HTMLImageElement, number>();
const lost = new Set<HTMLImageElement>();

function again(image: HTMLImageElement): void {
  // Both are taken for new when they are set.
  if (image.srcset) image.srcset = image.getAttribute("srcset") ?? "";
  image.src = image.getAttribute("src") ?? "";
}

/** Says that pictures are missing, once for all of them. */
function tell(): void {
  if (document.querySelector("[data-lost]")) return;
  const place = document.querySelector(PICTURES)?.closest("[data-grid], .folders, .arrange, .stage");
  const told = document.createElement("p");
  const button = document.createElement("button");
  told.className = "notice lost";
  told.dataset["lost"] = "";
  told.setAttribute("role", "status");
  told.textContent = word("lost-pictures");
  button.type = "button";
  button.className = "button";
  button.textContent = word("try-again");
  button.addEventListener("click", () => {
    told.remove();
    for (const image of lost) again(image);
    lost.clear();
  });
  told.append(button);
  (place?.closest(".scroll") ?? place)?.before(told);
}

async function failed(image: HTMLImageElement): Promise<void> {
  const attempt = tries.get(image) ?? 0;
  tries.set(image, attempt + 1);
  if (await mayAskAgain(image.currentSrc || image.src, attempt)) again(image);
  else if (attempt > 0) {
    tries.delete(image);
    lost.add(image);
    tell();
  }
}

export function retrying(): void {
  const isOurs = (target: EventTarget | null): target is HTMLImageElement =>
    target instanceof HTMLImageElement && target.matches(PICTURES);
  // Neither of the two bubbles.
  const capture = { capture: true };
  document.addEventListener("error", ({ target }) => isOurs(target) && void failed(target), capture);
  document.addEventListener("load", ({ target }) => isOurs(target) && tries.delete(target), capture);
  // Those that failed before this script was there.
  for (const image of document.querySelectorAll<HTMLImageElement>(PICTURES)) {
    const { top, bottom } = image.getBoundingClientRect();
    const isNear = bottom > -innerHeight && top < 2 * innerHeight;
    if (isNear && image.complete && image.naturalWidth === 0 && image.currentSrc) void failed(image);
  }
}
