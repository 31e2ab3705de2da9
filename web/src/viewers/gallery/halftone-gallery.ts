// <halftone-gallery folder="…">, and data-halftone="gallery".

import { collect, ownServer } from "../shared/collect";
import { ensureStyles, make, whenReady } from "../shared/dom";
import { TEXTS } from "../shared/texts";
import { Gallery } from "./gallery";
import css from "./gallery.css";

const SERVER = ownServer();
const THUMBNAIL = 200;

async function fill(element: HTMLElement, said: (name: string) => string | null): Promise<Gallery | null> {
  const note = (text: string) =>
    element.replaceChildren(make("p", "halftone-gallery-note", { role: "status" }, text));
  try {
    const pictures = await collect(element, said, SERVER);
    if (pictures.length === 0) {
      note(TEXTS.emptyGallery);
      return null;
    }
    const gallery = new Gallery(pictures, {
      thumbnail: Number(said("thumbnail")) || THUMBNAIL,
      tell: (name, detail) =>
        element.dispatchEvent(new CustomEvent(`halftone-${name}`, { detail, bubbles: true })),
    });
    element.replaceChildren(gallery.list);
    return gallery;
  } catch {
    note(TEXTS.failedGallery);
    return null;
  }
}

class HalftoneGallery extends HTMLElement {
  private gallery: Promise<Gallery | null> | undefined;

  connectedCallback(): void {
    // What stands in it is read only when all of it is there.
    whenReady(() => {
      if (this.isConnected) this.gallery ??= fill(this, (name) => this.getAttribute(name));
    });
  }

  // Shows a picture large, by its number, the first being 0.
  async open(index = 0): Promise<void> {
    (await this.gallery)?.open(index);
  }
}

ensureStyles("halftone-gallery", css);
if (!customElements.get("halftone-gallery")) customElements.define("halftone-gallery", HalftoneGallery);
whenReady(() => {
  for (const element of document.querySelectorAll<HTMLElement>('[data-halftone="gallery"]')) {
    void fill(element, (name) => element.getAttribute(`data-${name}`));
  }
});
