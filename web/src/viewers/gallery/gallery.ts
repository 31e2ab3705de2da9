// Small pictures side by side; each opens large, over the whole page, where one goes from picture to picture.

import PhotoSwipe, { type SlideData } from "photoswipe";

import type { Picture } from "../shared/api";
import { reason, reload } from "../shared/busy";
import { isRightToLeft, make, prefersLessMotion, readAs } from "../shared/dom";
import { atWidth, inBox, sourceSet } from "../shared/sizes";
import { textsFor, titled, type Say } from "../shared/texts";

// How large pictures become when they are zoomed into, in pixels of the longer side.
const LARGEST = 3200;
// What is asked for by browsers that do not choose from a set.
const USUAL_WIDTH = 1600;
// How far a size may be off before it is put right, in parts of the whole.
const TOLERANCE = 0.01;

export interface Options {
  // The size of the small pictures, in pixels of the page.
  thumbnail: number;
  // Where in the page it belongs: in whose language it speaks, and which way it goes.
  place: Element;
  // Told of what happens: `open`, `change`, `close`.
  tell: (name: string, detail: { index: number; src: string }) => void;
}

export class Gallery {
  readonly list: HTMLElement;
  private readonly thumbnails: HTMLImageElement[] = [];
  private readonly say: Say;
  private shown: PhotoSwipe | undefined;

  constructor(
    private readonly pictures: Picture[],
    private readonly options: Options,
  ) {
    this.say = textsFor(options.place);
    const items = pictures.map((picture, index) => this.item(picture, index));
    this.list = make("ul", "halftone-gallery", { role: "list", "aria-label": this.say("gallery") }, ...items);
    this.list.style.setProperty("--halftone-thumbnail", `${options.thumbnail}px`);
  }

  private item(picture: Picture, index: number): HTMLElement {
    const { thumbnail } = this.options;
    const image = make("img", "", { alt: "", loading: "lazy", decoding: "async" });
    image.src = inBox(picture.address, thumbnail, thumbnail).toString();
    this.thumbnails.push(image);
    const open = make("button", "halftone-gallery-open", {
      type: "button",
      "aria-label": titled(this.say, "open", picture.title),
      "aria-haspopup": "dialog",
    });
    open.append(image);
    const failed = (error: unknown) =>
      image.replaceWith(make("span", "halftone-gallery-failed", {}, reason(error, this.say)));
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

  // Shows a picture large. Where text goes to the left the next one lies there, too: then all lie the other way round.
  open(index: number): void {
    const { say, pictures, options } = this;
    const slides = pictures.map((picture, at) => this.slide(picture, at));
    const turned = isRightToLeft(options.place);
    const place = (at: number) => (turned ? slides.length - 1 - at : at);
    const shown = new PhotoSwipe({
      dataSource: turned ? slides.reverse() : slides,
      index: place(index),
      bgOpacity: 1,
      showHideAnimationType: prefersLessMotion() ? "none" : "fade",
      ...(prefersLessMotion() ? { zoomAnimationDuration: 0 } : {}),
      mainClass: "halftone-gallery-large",
      closeTitle: say("close"),
      zoomTitle: say("zoom-in"),
      arrowPrevTitle: say(turned ? "next" : "previous"),
      arrowNextTitle: say(turned ? "previous" : "next"),
      errorMsg: say("failed"),
      loop: pictures.length > 2,
    });
    const at = () => place(shown.currIndex);
    const tell = (name: string) =>
      options.tell(name, { index: at(), src: pictures[at()]?.address.toString() ?? "" });
    this.shown = shown;
    this.correctShapes(shown);
    this.addCaption(shown, at);
    shown.on("afterInit", () => {
      if (!shown.element) return;
      shown.element.setAttribute("aria-label", say("gallery"));
      readAs(options.place, shown.element);
    });
    shown.on("openingAnimationEnd", () => tell("open"));
    shown.on("change", () => tell("change"));
    shown.on("destroy", () => {
      this.shown = undefined;
      this.moveFocus(at());
      tell("close");
    });
    shown.init();
  }

  // Whoever opened one of the small pictures goes on at the one that was seen last.
  private moveFocus(index: number): void {
    if (this.list.contains(document.activeElement)) this.list.querySelectorAll("button")[index]?.focus();
  }

  // Takes the large picture away, if there is one.
  close(): void {
    this.shown?.destroy();
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

  private addCaption(shown: PhotoSwipe, at: () => number): void {
    shown.on("uiRegister", () => {
      shown.ui?.registerElement({
        name: "caption",
        order: 9,
        isButton: false,
        appendTo: "root",
        onInit: (element) => {
          element.setAttribute("aria-live", "polite");
          shown.on("change", () => {
            const picture = this.pictures[at()];
            element.textContent = [picture?.title, picture?.description].filter(Boolean).join(" – ");
            element.classList.toggle("pswp__caption--long", element.scrollHeight > element.clientHeight);
            // Told after the library has, which counts from the left.
            const counter = shown.element?.querySelector(".pswp__counter");
            if (counter) counter.textContent = `${at() + 1} / ${this.pictures.length}`;
          });
        },
      });
    });
  }
}
