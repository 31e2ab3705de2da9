// <halftone-gallery folder="…">, and data-halftone="gallery".

import { collect, ownServer } from "../shared/collect";
import { ensureStyles, make, whenReady } from "../shared/dom";
import { textsFor } from "../shared/texts";
import { upgrade, Viewing } from "../shared/upgrade";
import { Gallery } from "./gallery";
import css from "./gallery.css";

const SERVER = ownServer();
const THUMBNAIL = 200;

class GalleryViewing extends Viewing {
  // Kept, since it has taken the place of what stood in the element.
  private gallery: Promise<Gallery | null> | undefined;

  protected begin(): void {
    this.gallery ??= this.fill();
  }

  protected end(): void {
    void this.gallery?.then((gallery) => gallery?.close());
  }

  // Shows a picture large, by its number, the first being 0.
  async open(index: number): Promise<void> {
    (await this.gallery)?.open(index);
  }

  private async fill(): Promise<Gallery | null> {
    const { element, said } = this;
    const say = textsFor(element);
    const note = (text: string) =>
      element.replaceChildren(make("p", "halftone-gallery-note", { role: "status" }, text));
    try {
      const pictures = await collect(element, said, SERVER);
      if (pictures.length === 0) {
        note(say("empty"));
        return null;
      }
      const gallery = new Gallery(pictures, {
        thumbnail: Number(said("thumbnail")) || THUMBNAIL,
        place: element,
        tell: (name, detail) =>
          element.dispatchEvent(new CustomEvent(`halftone-${name}`, { detail, bubbles: true })),
      });
      element.replaceChildren(gallery.list);
      return gallery;
    } catch {
      note(say("unlisted"));
      return null;
    }
  }
}

class HalftoneGallery extends HTMLElement {
  private readonly viewing = new GalleryViewing(this, (name) => this.getAttribute(name));

  connectedCallback(): void {
    // What stands in it is read only when all of it is there.
    whenReady(() => this.viewing.start());
  }

  disconnectedCallback(): void {
    this.viewing.left();
  }

  open(index = 0): Promise<void> {
    return this.viewing.open(index);
  }
}

ensureStyles("halftone-gallery", css);
if (!customElements.get("halftone-gallery")) {
  customElements.define("halftone-gallery", HalftoneGallery);
  upgrade("gallery", (element, said) => new GalleryViewing(element, said));
}
