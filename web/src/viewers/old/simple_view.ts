// The functions of the old simple viewer: a click shows a part of the picture, made by the server.

import { Address } from "../shared/address";
import { elementOf, ensureStyles, make, type Container } from "../shared/dom";
import { inBox } from "../shared/sizes";
import { Containers, expose } from "./containers";
import css from "./simple_view.css";

const MAX_STEPS = 9;
// How much smaller the part becomes with each step.
const STEP = 0.72;

// What is kept of the picture, as fractions of it.
interface Part {
  x: number;
  y: number;
}

class SimpleViewer {
  private steps = 0;
  private centre: Part = { x: 0.5, y: 0.5 };
  private readonly ending = new AbortController();

  constructor(
    private readonly image: HTMLImageElement,
    private readonly address: Address,
    private readonly place: HTMLElement,
  ) {
    const { signal } = this.ending;
    image.classList.add("halftone-simple");
    image.tabIndex = 0;
    image.addEventListener("click", (event) => this.clicked(event), { signal });
    image.addEventListener("keydown", (event) => this.keyPressed(event), { signal });
  }

  private clicked(event: MouseEvent): void {
    this.centre = this.pointAt(event);
    if (event.shiftKey) this.steps = Math.max(0, this.steps - 1);
    else if (!event.altKey) this.steps = Math.min(MAX_STEPS, this.steps + 1);
    this.show();
  }

  private keyPressed(event: KeyboardEvent): void {
    if (event.key === "+" || event.key === "=") this.steps = Math.min(MAX_STEPS, this.steps + 1);
    else if (event.key === "-") this.steps = Math.max(0, this.steps - 1);
    else if (event.key === "0") this.steps = 0;
    else return;
    this.show();
  }

  // Where of the whole picture a click was. The picture lies in its element as large as it fits.
  private pointAt(event: MouseEvent): Part {
    const box = this.image.getBoundingClientRect();
    const { naturalWidth, naturalHeight } = this.image;
    const scale = Math.min(box.width / (naturalWidth || 1), box.height / (naturalHeight || 1));
    const [wide, tall] = [naturalWidth * scale, naturalHeight * scale];
    const within = (place: number, size: number, room: number) =>
      Math.min(1, Math.max(0, (place - (room - size) / 2) / (size || 1)));
    const part = STEP ** this.steps;
    const { x, y } = this.corner();
    return {
      x: x + within(event.clientX - box.left, wide, box.width) * part,
      y: y + within(event.clientY - box.top, tall, box.height) * part,
    };
  }

  // The left and the top of what is shown.
  private corner(): Part {
    const part = STEP ** this.steps;
    const within = (centre: number) => Math.min(1 - part, Math.max(0, centre - part / 2));
    return { x: within(this.centre.x), y: within(this.centre.y) };
  }

  show(): void {
    const { clientWidth, clientHeight } = this.place;
    const sized = inBox(this.address, clientWidth || 320, clientHeight || 240);
    if (this.steps === 0) this.centre = { x: 0.5, y: 0.5 };
    const address = this.steps === 0 ? sized : sized.with(this.crop());
    if (this.image.src !== address.toString()) this.image.src = address.toString();
    this.image.dataset.steps = String(this.steps);
  }

  // The part of the part that the address itself asks for.
  private crop(): Record<string, string> {
    const given = (name: string, otherwise: number) => Number(this.address.get(name) ?? otherwise);
    const [left, right] = [given("left", 0), given("right", 1)];
    const [top, bottom] = [given("top", 0), given("bottom", 1)];
    const { x, y } = this.corner();
    const part = STEP ** this.steps;
    const text = (value: number) => value.toFixed(4);
    return {
      left: text(left + x * (right - left)),
      right: text(left + (x + part) * (right - left)),
      top: text(top + y * (bottom - top)),
      bottom: text(top + (y + part) * (bottom - top)),
    };
  }

  reset(): void {
    this.steps = 0;
    this.show();
  }

  destroy(): void {
    this.ending.abort();
  }
}

const inContainers = new Containers<SimpleViewer>();
const onImages = new Containers<SimpleViewer>();

function init(container: Container, source: string): void {
  const element = elementOf(container);
  if (!element) return;
  inContainers.get(element)?.destroy();
  const image = make("img", "", { alt: "", draggable: "false" });
  element.replaceChildren(image);
  const viewer = new SimpleViewer(image, Address.parse(source), element);
  inContainers.set(element, viewer);
  viewer.show();
}

// The picture stays as it is until it is clicked.
function initImage(container: Container): void {
  const image = elementOf(container);
  if (!(image instanceof HTMLImageElement)) return;
  onImages.get(image)?.destroy();
  onImages.set(image, new SimpleViewer(image, Address.parse(image.src), image.parentElement ?? image));
}

ensureStyles("halftone-simple", css);
expose({
  simple_view_init: init,
  simple_view_init_image: initImage,
  simple_view_reset: (container: Container) => inContainers.get(container)?.reset(),
  simple_view_reset_image: (container: Container) => onImages.get(container)?.reset(),
});
