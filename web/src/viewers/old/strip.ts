// The old gallery: one picture that can be zoomed into, and a strip of small ones to choose it by. The
// large one is the zooming viewer's work, whose script pages bring along.

import type { Address } from "../shared/address";
import type { Picture } from "../shared/api";
import { button, isRightToLeft, make, prefersLessMotion } from "../shared/dom";
import { ICONS } from "../shared/icons";
import { inBox } from "../shared/sizes";
import { textsFor } from "../shared/texts";
import type { Events as ViewerEvents, Given } from "../zoom/options";

export interface Options {
  thumbsize: { width: number; height: number };
  startImage?: string;
  viewer?: Given;
}

export interface Events extends ViewerEvents {
  onchange?: (address: string) => void;
}

// How much of the height the small pictures take at most, unless that leaves them too small to be told apart.
const MOST = 0.35;
const LEAST_PX = 40;

interface Viewers {
  canvas_view_init?: (place: HTMLElement, source: string, options: Given, events: Events) => void;
  canvas_view_resize?: (place: HTMLElement) => void;
}

const viewers = window as unknown as Viewers;

export class Strip {
  readonly root: HTMLElement;
  private readonly place = make("div", "halftone-strip-large imageviewer");
  private readonly list: HTMLElement;
  private pictures: Picture[] = [];
  private at = -1;
  private readonly previous: HTMLButtonElement;
  private readonly next: HTMLButtonElement;

  constructor(
    container: HTMLElement,
    private readonly options: Options,
    private readonly events: Events,
  ) {
    const say = textsFor(container);
    this.list = make("div", "halftone-strip-list", { role: "group", "aria-label": say("gallery") });
    const behavior = prefersLessMotion() ? "auto" : "smooth";
    const scroll = (direction: number) => () =>
      this.list.scrollBy({ left: direction * this.list.clientWidth * 0.8, behavior });
    const end = isRightToLeft(container) ? -1 : 1;
    const name = "halftone-round halftone-round-way";
    this.previous = button(name, say("previous"), ICONS.previous, () => this.select(this.at - 1));
    this.next = button(name, say("next"), ICONS.next, () => this.select(this.at + 1));
    const row = make("div", "halftone-strip-row", {}, this.previous, this.list, this.next);
    this.root = make("div", "halftone-strip", {}, this.place, row);
    this.list.addEventListener("wheel", (event) => {
      if (Math.abs(event.deltaY) <= Math.abs(event.deltaX)) return;
      event.preventDefault();
      scroll(Math.sign(event.deltaY) * end)();
    });
    container.replaceChildren(this.root);
    new ResizeObserver(() => this.fit()).observe(this.root);
  }

  // Small pictures are as large as is said, but leave most of a small place to the large one.
  private fit(): void {
    const { width, height } = this.options.thumbsize;
    const most = Math.max(LEAST_PX, this.root.clientHeight * MOST);
    const scale = this.root.clientHeight > 0 ? Math.min(1, most / height) : 1;
    for (const choice of this.list.children) {
      (choice as HTMLElement).style.inlineSize = `${width * scale}px`;
      (choice as HTMLElement).style.blockSize = `${height * scale}px`;
    }
  }

  fill(pictures: Picture[]): void {
    this.pictures = pictures;
    this.list.replaceChildren(...pictures.map((picture, index) => this.thumbnail(picture, index)));
    this.fit();
    const wanted = plain(this.options.startImage ?? "");
    const start = pictures.findIndex(({ address }) => wanted && plain(address.get("src") ?? "") === wanted);
    this.select(Math.max(0, start));
  }

  private thumbnail(picture: Picture, index: number): HTMLElement {
    const { width, height } = this.options.thumbsize;
    const image = make("img", "", { alt: "", loading: "lazy", draggable: "false" });
    image.src = inBox(picture.address, width, height).toString();
    const label = picture.title || nameOf(picture.address);
    const choice = make("button", "halftone-strip-choice", { type: "button", "aria-label": label });
    choice.append(image);
    choice.addEventListener("click", () => this.select(index));
    return choice;
  }

  select(index: number): void {
    const picture = this.pictures[index];
    if (!picture || index === this.at) return;
    this.at = index;
    for (const [number, choice] of [...this.list.children].entries()) {
      choice.setAttribute("aria-current", String(number === index));
    }
    this.previous.setAttribute("aria-disabled", String(index === 0));
    this.next.setAttribute("aria-disabled", String(index === this.pictures.length - 1));
    this.bringIntoView(index);
    const { title, description } = picture;
    const said: Given = { ...(title ? { title } : {}), ...(description ? { description } : {}) };
    const source = picture.address.toString();
    viewers.canvas_view_init?.(this.place, source, { ...this.options.viewer, ...said }, this.events);
    this.events.onchange?.(source);
  }

  // Only the strip is scrolled, never the page.
  private bringIntoView(index: number): void {
    const choice = this.list.children[index];
    if (!choice) return;
    const [own, around] = [choice.getBoundingClientRect(), this.list.getBoundingClientRect()];
    if (own.left < around.left || own.right > around.right) {
      this.list.scrollBy({ left: own.left + own.width / 2 - (around.left + around.width / 2) });
    }
  }

  resize(): void {
    viewers.canvas_view_resize?.(this.place);
  }
}

// Paths may begin with a slash or not.
function plain(path: string): string {
  return path.replace(/^\/+/, "");
}

function nameOf(address: Address): string {
  return address.get("src")?.split("/").pop() ?? "";
}
