// <halftone-image src="…" alt="…">, and data-halftone="image": one picture at the size that its place and
// the screen ask for, loaded when it comes near.

import { Address } from "../shared/address";
import { ensureStyles, make } from "../shared/dom";
import { anyFormat, atWidth, isFree, snap, sourceSet } from "../shared/sizes";
import { upgrade, Viewing, type Said } from "../shared/upgrade";
import css from "./image.css";

// A shape such as 3/2 as a number, or none.
function ratioOf(text: string | null): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*[/:]\s*(\d+(?:\.\d+)?)\s*$/.exec(text ?? "");
  const ratio = found ? Number(found[1]) / Number(found[2]) : NaN;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : null;
}

// Cut to a shape, keeping what `gravity` says.
function shaped(ratio: number, gravity: string | null) {
  return (address: Address, width: number) =>
    anyFormat(
      address.with({
        width,
        height: Math.round(width / ratio),
        fit: "cover",
        autosizefit: undefined,
        ...(gravity ? { gravity } : {}),
      }),
    );
}

function fill(image: HTMLImageElement, src: string, said: Said): void {
  const address = Address.parse(src);
  const ratio = ratioOf(said("ratio"));
  const of = ratio ? shaped(ratio, said("gravity")) : atWidth;
  if (ratio) image.style.aspectRatio = String(ratio);
  image.loading = said("loading") === "eager" ? "eager" : "lazy";
  image.decoding = "async";
  const place = image.parentElement?.clientWidth || document.documentElement.clientWidth;
  // Before the others: setting them begins to load.
  image.sizes = said("sizes") ?? `${Math.max(1, Math.round(place))}px`;
  const set = sourceSet(address, of);
  if (set) image.srcset = set;
  image.src = isFree(address) ? of(address, snap(place)).toString() : address.toString();
}

// The picture that it makes in its element, or that its element is.
class ImageViewing extends Viewing {
  private readonly own = this.element instanceof HTMLImageElement ? this.element : null;
  private readonly src = this.own?.src;

  protected begin(): void {
    const { element, own, said } = this;
    const src = said("src") ?? this.src;
    if (own) {
      if (src) fill(own, src, said);
      return;
    }
    if (!src) return element.replaceChildren();
    const image = make("img", "", { alt: said("alt") ?? "" });
    for (const name of ["load", "error"]) {
      image.addEventListener(name, () =>
        element.dispatchEvent(new CustomEvent(`halftone-${name}`, { detail: { src: image.currentSrc } })),
      );
    }
    element.replaceChildren(image);
    fill(image, src, said);
  }

  protected end(): void {
    // The picture stays.
  }
}

class HalftoneImage extends HTMLElement {
  static readonly observedAttributes = ["src", "alt", "ratio", "gravity", "sizes"];
  private readonly viewing = new ImageViewing(this, (name) => this.getAttribute(name));

  connectedCallback(): void {
    this.viewing.start();
  }

  disconnectedCallback(): void {
    this.viewing.left();
  }

  attributeChangedCallback(): void {
    this.viewing.renew();
  }
}

ensureStyles("halftone-image", css);
if (!customElements.get("halftone-image")) {
  customElements.define("halftone-image", HalftoneImage);
  upgrade("image", (element, said) => (element instanceof HTMLImageElement ? new ImageViewing(element, said) : null));
}
