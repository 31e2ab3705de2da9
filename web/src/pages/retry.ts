// Pictures of a page that did not come. Where the server has too much to do they are asked for again, a few times; then
// the page says so and offers it. What asking again cannot bring is said in the picture's place.

import { answerOf, isBusy, mayPass, pause } from "../viewers/shared/busy";
import { word } from "./page";
import { hasEnded, signInAgain } from "./session";

const PICTURES =
  "[data-grid] img, [data-show] img, .folder img, .arrange img, .stage > a > img, .subject img, .examples img";

/** How often each was asked for again. */
const tries = new Map<HTMLImageElement, number>();
const lost = new Set<HTMLImageElement>();

/** Whether somebody would rather not sign in: they are asked once, not for every picture. */
let declined = false;

function again(image: HTMLImageElement): void {
  // Both are taken for new when they are set.
  if (image.srcset) image.srcset = image.getAttribute("srcset") ?? "";
  image.src = image.getAttribute("src") ?? "";
}

/** Says that pictures are missing, once for all of them. */
function tell(status: number): void {
  if (document.querySelector("[data-lost]")) return;
  const place = document.querySelector(PICTURES)?.closest("[data-grid], .folders, .arrange, .stage");
  const told = document.createElement("p");
  const button = document.createElement("button");
  told.className = "notice lost";
  told.dataset["lost"] = "";
  told.setAttribute("role", "status");
  told.textContent = isBusy(status) ? word("lost-busy") : word("lost-pictures");
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

/** Says in its place that a picture cannot be shown. */
function giveUp(image: HTMLImageElement): void {
  const place = document.createElement("span");
  place.className = image.closest(".folder") ? "no-cover" : "no-picture";
  place.textContent = word("unshowable");
  image.replaceWith(place);
}

async function failed(image: HTMLImageElement): Promise<void> {
  const attempt = tries.get(image) ?? 0;
  tries.set(image, attempt + 1);
  image.dataset["waits"] = "";
  const answer = await answerOf(image.currentSrc || image.src);
  if (!image.isConnected) return;
  if (!declined && (await hasEnded(answer.status))) {
    declined = !(await signInAgain());
    if (!declined) return again(image);
  }
  if (await pause(answer, attempt)) return again(image);
  tries.delete(image);
  if (!mayPass(answer.status)) return giveUp(image);
  lost.add(image);
  tell(answer.status);
}

export function retrying(): void {
  const isOurs = (target: EventTarget | null): target is HTMLImageElement =>
    target instanceof HTMLImageElement && target.matches(PICTURES);
  // Neither of the two bubbles.
  const capture = { capture: true };
  document.addEventListener("error", ({ target }) => isOurs(target) && void failed(target), capture);
  const came = (image: HTMLImageElement) => {
    tries.delete(image);
    delete image.dataset["waits"];
  };
  document.addEventListener("load", ({ target }) => isOurs(target) && came(target), capture);
  // Those that failed before this script was there.
  for (const image of document.querySelectorAll<HTMLImageElement>(PICTURES)) {
    const { top, bottom } = image.getBoundingClientRect();
    const isNear = bottom > -innerHeight && top < 2 * innerHeight;
    if (isNear && image.complete && image.naturalWidth === 0 && image.currentSrc) void failed(image);
  }
}
