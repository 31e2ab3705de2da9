// The result as it is sent: the very bytes of its address. The last one stays until the next is there.

import { Refusal, loaded, picture } from "./fetched";
import { bytes, number, text } from "./words";

export class Result {
  readonly image: HTMLImageElement;
  private asked = "";
  private shownAs = "";
  private stop = new AbortController();

  constructor(
    private readonly stage: HTMLElement,
    /** Where it is told how large the picture is, if it is. */
    private readonly facts: HTMLElement | null,
    private readonly refused: (refusal: Refusal | null) => void,
  ) {
    this.image = stage.querySelector<HTMLImageElement>("[data-preview]") ?? document.createElement("img");
    this.image.dataset["preview"] = "";
    this.image.alt = text("preview");
  }

  /** Shows what an address sends; `other` is the same in a format that browsers show. */
  async show(address: string, other: string): Promise<void> {
    if (address === this.asked) return;
    this.asked = address;
    this.stop.abort();
    const stop = (this.stop = new AbortController());
    this.stage.setAttribute("aria-busy", "true");
    try {
      await this.load(address, other, stop.signal);
      this.refused(null);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.asked = "";
      if (!(error instanceof Refusal)) throw error;
      this.refused(error);
    } finally {
      if (!stop.signal.aborted) this.stage.removeAttribute("aria-busy");
    }
  }

  private async load(address: string, other: string, signal: AbortSignal): Promise<void> {
    const sent = await picture(address, signal);
    const url = URL.createObjectURL(sent.blob);
    const next = new Image();
    const shows = await loaded(next, url);
    const source = shows ? url : other;
    if (!shows) {
      URL.revokeObjectURL(url);
      if (!(await loaded(next, other))) throw new Refusal(text("unshowable"), "");
    }
    if (signal.aborted) return;
    this.image.src = source;
    this.image.dataset["address"] = address;
    this.image.width = next.naturalWidth;
    this.image.height = next.naturalHeight;
    this.stage.querySelector("[data-preview-gone]")?.replaceWith(this.image);
    if (this.shownAs) URL.revokeObjectURL(this.shownAs);
    this.shownAs = shows ? url : "";
    const size = `${number(next.naturalWidth)} × ${number(next.naturalHeight)}`;
    const told = [text("pixels", size), bytes(sent.blob.size), sent.type.replace(/^image\/(x-)?/, "").toUpperCase()];
    if (!shows) told.push(text("unshowable"));
    this.facts?.replaceChildren(...told.map(part));
  }
}

function part(told: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = told;
  return element;
}
