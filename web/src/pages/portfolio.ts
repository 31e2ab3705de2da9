// A portfolio as others see it: its pictures open large over the page, with our gallery. Without this script
// each opens by itself.

import { Gallery } from "../viewers/gallery/gallery";
import css from "../viewers/gallery/gallery.css";
import { Address } from "../viewers/shared/address";
import type { Picture } from "../viewers/shared/api";
import { ensureStyles } from "../viewers/shared/dom";

// How large pictures may become, in pixels of the longer side.
const LARGEST = 3200;

const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-show] a")];

/** The picture behind a link; its shape is that of the small one, when that is there. */
function pictureOf(link: HTMLAnchorElement): Picture {
  const small = link.querySelector("img");
  const [width, height] = [small?.naturalWidth ?? 0, small?.naturalHeight ?? 0];
  const scale = LARGEST / Math.max(width, height);
  const description = link.dataset["description"] ?? "";
  return {
    address: Address.parse(link.href),
    // What has no words of its own is called by its file.
    title: link.dataset["title"] || (description ? "" : (small?.alt ?? "")),
    description,
    ...(width > 0 ? { width: Math.round(width * scale), height: Math.round(height * scale) } : {}),
    ...("fixed" in link.dataset ? { fixed: true } : {}),
  };
}

ensureStyles("halftone-gallery", css);
for (const [index, link] of links.entries()) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    new Gallery(links.map(pictureOf), { thumbnail: 0, place: document.body, tell: () => undefined }).open(index);
  });
}
