// Small pictures side by side; each opens large, over the whole page, where one goes from picture to picture.

import PhotoSwipe, { type SlideData } from "photoswipe";

import type { Picture } from "../shared/api";
import { reason, reload } from "../shared/busy";
import { make, prefersLessMotion } from "../shared/dom";
import { atWidth, inBox, sourceSet } from "../shared/sizes";
import { TEXTS } from "../shared/texts";

// How large pictures become when they are zoomed into, in pixels of the longer side.
const LARGEST = 3200;
// What is asked for by browsers that do not choose from a set.
const USUAL_WIDTH = 1600;
// How far a size may be off before it is put right, in parts of the whole.
const TOLERANCE = 0.01;

export interface Options {
  // The size of the small pictures, in pixels of the page.
  thumbnail: number;
  // Told of what happens: `open`, `change`, `close`.
  tell: (name: string, detail: { index: number; src: string }) => void;
}

export class Gallery {
  readonly list: HTMLElement;
  private readonly thumbnails: HTMLImageElement[] = [];

  constructor(
    private readonly pictures: Picture[],
    private readonly options: Options,
  ) {
    const items = pictures.map((picture, index) => this.item(picture, index));
    this.list = make("ul", "halftone-gallery", { role: "list", "aria-label": TEXTS.gallery }, ...items);
    this.list.style.setProperty("--halftone-thumbnail", `${options.thumbnail}px`);
  }

  private item(picture: Picture, index: number): HTMLElement {
    const { thumbnail } = this.options;
    const image = make("img", "", { alt: "", loading: "lazy", decoding: "async" });
    image.src = inBox(picture.address, thumbnail, thumbnail).toString();
    this.thumbnails.push(image);
    const open = make("button", "halftone-gallery-open", {
      type: "button",
      "aria-label": TEXTS.open(picture.title),
      "aria-haspopup": "dialog",
    });
    open.append(image);
    const failed = (error: unknown) =>
      image.replaceWith(make("span", "halftone-gallery-failed", {}, reason(error)));
    image.addEventListener("error", () => void reload(image).catch(failed), { once: true });
    open.addEventListener("click", () => this.open(index));
    return make("li", "", {}, open);
  }

  // What is shown large. Its shape is that of the small picture, which is right however it is cropped.
  private slide(picture: Picture, index: number): SlideData {
    const small = this.thumbnails[index];
    const loaded = small && small.naturalWidth > 0;
    const width = loaded ? small.naturalWidth : (picture.width ?? 3);
    const height = loaded ? small.naturalHeight : (picture.height ?? 2);
    const original = Math.max(picture.width ?? LARGEST, picture.height ?? LARGEST);
    const scale = Math.min(LARGEST, original) / Math.max(width, height);
    const set = picture.fixed ? null : sourceSet(picture.address);
    return {
      src: (picture.fixed ? picture.address : atWidth(picture.address, USUAL_WIDTH)).toString(),
      ...(set ? { srcset: set } : {}),
      ...(loaded ? { msrc: small.src } : {}),
      width: Math.round(width * scale),
      height: Math.round(height * scale),
      // What is said of it stands for it, as it does everywhere.
      alt: picture.description || picture.title,
      element: small?.parentElement ?? undefined,
    };
  }

  open(index: number): void {
    const dataSource = this.pictures.map((picture, at) => this.slide(picture, at));
    const shown = new PhotoSwipe({
      dataSource,
      index,
      bgOpacity: 1,
      showHideAnimationType: prefersLessMotion() ? "none" : "fade",
      ...(prefersLessMotion() ? { zoomAnimationDuration: 0 } : {}),
      mainClass: "halftone-gallery-large",
      closeTitle: TEXTS.close,
      zoomTitle: TEXTS.zoomIn,
      arrowPrevTitle: TEXTS.previous,
      arrowNextTitle: TEXTS.next,
      errorMsg: TEXTS.failed,
      loop: this.pictures.length > 2,
    });
    const tell = (name: string) => {
      const address = this.pictures[shown.currIndex]?.address.toString() ?? "";
      this.options.tell(name, { index: shown.currIndex, src: address });
    };
    this.correctShapes(shown);
    this.addCaption(shown);
    shown.on("afterInit", () => shown.element?.setAttribute("aria-label", TEXTS.gallery));
    shown.on("openingAnimationEnd", () => tell("open"));
    shown.on("change", () => tell("change"));
    shown.on("destroy", () => tell("close"));
    shown.init();
  }

  // Where the shape was not known, the picture that came tells it.
  private correctShapes(shown: PhotoSwipe): void {
    shown.on("loadComplete", ({ content, isError }) => {
      const image = content.element;
      if (isError || !(image instanceof HTMLImageElement) || !image.naturalHeight) return;
      const { width = 1, height = 1 } = content.data;
      const off = (image.naturalWidth * height) / (image.naturalHeight * width);
      if (Math.abs(off - 1) < TOLERANCE) return;
      content.data.height = Math.round((width * image.naturalHeight) / image.naturalWidth);
      shown.refreshSlideContent(content.index);
    });
  }

  private addCaption(shown: PhotoSwipe): void {
    shown.on("uiRegister", () => {
      shown.ui?.registerElement({
        name: "caption",
        order: 9,
        isButton: false,
        appendTo: "root",
        onInit: (element) => {
          element.setAttribute("aria-live", "polite");
          shown.on("change", () => {
            const picture = this.pictures[shown.currIndex];
            element.textContent = [picture?.title, picture?.description].filter(Boolean).join(" – ");
          });
        },
      });
    });
  }
}
