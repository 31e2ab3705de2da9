// <halftone-image src="…" alt="…">, and data-halftone="image": one picture at the size that its place and
// the screen ask for, loaded when it comes near.

import { Address } from "../shared/address";
import { ensureStyles, make, whenReady } from "../shared/dom";
import { anyFormat, atWidth, isFree, snap, sourceSet } from "../shared/sizes";
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

function fill(image: HTMLImageElement, src: string, said: (name: string) => string | null): void {
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

class HalftoneImage extends HTMLElement {
  static readonly observedAttributes = ["src", "alt", "ratio", "gravity", "sizes"];

  connectedCallback(): void {
    this.show();
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.show();
  }

  private show(): void {
    const src = this.getAttribute("src");
    if (!src) return this.replaceChildren();
    const image = make("img", "", { alt: this.getAttribute("alt") ?? "" });
    for (const name of ["load", "error"]) {
      image.addEventListener(name, () =>
        this.dispatchEvent(new CustomEvent(`halftone-${name}`, { detail: { src: image.currentSrc } })),
      );
    }
    this.replaceChildren(image);
    fill(image, src, (name) => this.getAttribute(name));
  }
}

ensureStyles("halftone-image", css);
if (!customElements.get("halftone-image")) customElements.define("halftone-image", HalftoneImage);
whenReady(() => {
  for (const image of document.querySelectorAll<HTMLImageElement>('img[data-halftone="image"]')) {
    const src = image.dataset.src ?? image.src;
    if (src) fill(image, src, (name) => image.getAttribute(`data-${name}`));
  }
});
