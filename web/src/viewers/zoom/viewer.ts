// A picture that can be zoomed into: at first one picture of the size of its place, then tiles of what is
// looked at.

import OpenSeadragon from "openseadragon";

import { Address } from "../shared/address";
import { details } from "../shared/api";
import { load, mayPass, Missing, reason } from "../shared/busy";
import { make, prefersLessMotion } from "../shared/dom";
import { inBox } from "../shared/sizes";
import { textsFor, titled, type Say } from "../shared/texts";
import { follow } from "./motion";
import { settle, type Events, type Given, type Options } from "./options";
import { Panel } from "./panel";
import { measure, Tiles } from "./source";

const STEP = 1.6;
const MOVE_S = 0.5;
// How far a magnification may be off one that counts as the same, in parts of it.
const TOLERANCE = 0.01;
// Turns of the wheel that follow each other within this are of one go, in milliseconds.
const WHEEL_MS = 400;

// What covers the page with a viewer in it.
const OVER = ".halftone-zoom-dialog, .halftone-strip-dialog";

export class ZoomViewer {
  private readonly address: Address;
  private readonly options: Options;
  private readonly root = make("div", "halftone-zoom");
  private readonly preview = make("img", "halftone-zoom-preview", { draggable: "false" });
  private readonly stage = make("div", "halftone-zoom-stage");
  private readonly panel: Panel;
  private readonly say: Say;
  private readonly ending = new AbortController();
  private viewer: OpenSeadragon.Viewer | undefined;
  private told = false;
  private full = false;

  constructor(
    private readonly container: HTMLElement,
    // As it was given: events tell it.
    private readonly source: string,
    given?: Given | null,
    private readonly events: Events = {},
  ) {
    this.address = Address.parse(source);
    this.options = settle(given);
    this.say = textsFor(container);
    this.panel = new Panel(this.options, this, this.say);
    this.preview.alt = this.options.title ?? "";
    this.root.append(this.preview, this.stage, this.panel.element);
    this.root.classList.toggle("halftone-zoom-pixels", !this.options.quality);
    container.replaceChildren(this.root);
    const { signal } = this.ending;
    document.addEventListener("fullscreenchange", () => this.fullscreenChanged(), { signal });
    document.addEventListener("keydown", (event) => this.keyPressed(event), { signal });
    this.leavePage(signal);
    void this.start();
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    try {
      if (!this.preview.naturalWidth) {
        const { clientWidth, clientHeight } = this.container;
        const first = inBox(this.address, clientWidth || 320, clientHeight || 240).toString();
        await load(this.preview, first, signal, () => this.wait());
        if (signal.aborted) return;
        this.stage.replaceChildren();
        this.preview.hidden = false;
        this.shaped(this.preview.naturalWidth, this.preview.naturalHeight);
        this.events.onload?.(this.source);
      }
      const size = await measure(this.address, signal);
      if (signal.aborted) return;
      this.shaped(size.width, size.height);
      this.open(size);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  // Lets the controls stand at the picture, which may leave parts of its place free.
  private shaped(width: number, height: number): void {
    this.root.style.setProperty("--halftone-shape", String(width / height));
  }

  // A picture of which all is seen does not keep the page from being scrolled past it: by the wheel the way that
  // would make the picture smaller, and by one finger.
  private leavePage(signal: AbortSignal): void {
    let latest = -Infinity;
    let leaves = false;
    const wheel = (event: WheelEvent) => {
      // So browsers tell of fingers on a pad that are brought together or apart.
      if (event.ctrlKey) return;
      if (event.timeStamp - latest > WHEEL_MS) leaves = this.isWhole && event.deltaY > 0 && !this.isOver;
      latest = event.timeStamp;
      if (leaves && event.deltaY > 0) event.stopPropagation();
    };
    const touch = (event: TouchEvent) => {
      if (event.touches.length > 1 && event.cancelable) event.preventDefault();
    };
    this.stage.addEventListener("wheel", wheel, { capture: true, passive: true, signal });
    for (const name of ["touchstart", "touchmove"] as const) {
      this.stage.addEventListener(name, touch, { passive: false, signal });
    }
  }

  // Whether it lies over the page.
  private get isOver(): boolean {
    return this.full || this.root.closest(OVER) !== null;
  }

  private get isWhole(): boolean {
    const { viewport } = this.viewer ?? {};
    return !viewport || viewport.getZoom() <= viewport.getHomeZoom() * (1 + TOLERANCE);
  }

  // Says so in the picture's place while a busy server is about to be asked again.
  private wait(): void {
    this.tellInPlace("status", this.say("waiting"));
    this.preview.hidden = true;
  }

  private tellInPlace(role: string, text: string): HTMLElement {
    const told = make("div", "halftone-zoom-failed", { role }, make("p", "", {}, text));
    this.stage.replaceChildren(told);
    return told;
  }

  // Says what is missing, the picture or its tiles, and offers to ask for it again where that may be of use.
  private fail(error: unknown): void {
    const isShown = this.preview.naturalWidth > 0;
    const told = this.tellInPlace("alert", isShown ? this.say("unzoomable") : reason(error, this.say));
    told.classList.toggle("halftone-zoom-whole", isShown);
    this.preview.hidden = !isShown;
    if (!(error instanceof Missing && mayPass(error.status))) return;
    const again = make("button", "halftone-zoom-again", { type: "button" }, this.say("again"));
    again.addEventListener("click", () => {
      told.remove();
      this.preview.hidden = false;
      void this.start();
    });
    told.append(again);
  }

  private open(size: { width: number; height: number }): void {
    const { quality, animation, doubleclickreset, maxtiles, title } = this.options;
    const still = prefersLessMotion();
    const gestures = { clickToZoom: false, dblClickToZoom: !doubleclickreset, ...(still ? { flickEnabled: false } : {}) };
    const viewer = OpenSeadragon({
      element: this.stage,
      tileSources: new Tiles(this.address, size, maxtiles) as unknown as OpenSeadragon.TileSourceOptions,
      drawer: "canvas",
      showNavigationControl: false,
      animationTime: still ? 0 : MOVE_S,
      maxZoomPixelRatio: 2,
      minZoomImageRatio: 1,
      visibilityRatio: 1,
      constrainDuringPan: true,
      imageSmoothingEnabled: quality,
      imageLoaderLimit: 6,
      tileRetryMax: 3,
      tileRetryDelay: 2000,
      gestureSettingsMouse: gestures,
      gestureSettingsTouch: gestures,
      gestureSettingsPen: gestures,
    });
    this.viewer = viewer;
    follow(viewer.viewport, animation);
    viewer.canvas.setAttribute("role", "application");
    viewer.canvas.setAttribute("aria-label", titled(this.say, "zoomable", title));
    viewer.addHandler("canvas-key", (event) => {
      // Turning and flipping are not for this viewer.
      const { key } = event.originalEvent as KeyboardEvent;
      if (/^[rf]$/i.test(key)) event.preventDefaultAction = true;
    });
    viewer.addHandler("canvas-double-click", (event) => {
      if (!doubleclickreset) return;
      event.preventDefaultAction = true;
      this.doubleClicked(viewer, event.position);
    });
    viewer.addHandler("canvas-press", () => this.panel.hideTexts());
    viewer.addHandler("zoom", () => this.showZoom());
    viewer.addHandler("resize", () => this.keepWhole(viewer));
    viewer.addOnceHandler("open", () => {
      this.uncover(viewer);
      this.showZoom();
    });
  }

  // Takes the first picture away when all that it shows is there, or when something else is looked at.
  private uncover(viewer: OpenSeadragon.Viewer): void {
    const hide = () => (this.preview.hidden = true);
    viewer.world.getItemAt(0)?.addOnceHandler("fully-loaded-change", hide);
    viewer.addOnceHandler("animation", hide);
    this.root.dataset.state = "ready";
  }

  // Of a picture that was seen whole all is seen in a place of another size, too.
  private keepWhole({ viewport }: OpenSeadragon.Viewer): void {
    const isWhole = this.root.dataset.zoomed !== "true";
    // What becomes of it is known only then.
    queueMicrotask(() => {
      if (this.ending.signal.aborted) return;
      if (isWhole) viewport.goHome(true);
      this.showZoom();
    });
  }

  private showZoom(): void {
    const { viewport } = this.viewer ?? {};
    if (!viewport) return;
    const isWhole = this.isWhole;
    this.root.dataset.zoomed = String(!isWhole);
    this.panel.showEnds(isWhole, viewport.getZoom() >= viewport.getMaxZoom() * (1 - TOLERANCE));
  }

  private doubleClicked(viewer: OpenSeadragon.Viewer, position: OpenSeadragon.Point): void {
    const { viewport } = viewer;
    if (!this.isWhole) return this.reset();
    viewport.zoomBy(STEP * STEP, viewport.pointFromPixel(position));
    viewport.applyConstraints();
  }

  private zoomBy(factor: number): void {
    this.viewer?.viewport.zoomBy(factor);
    this.viewer?.viewport.applyConstraints();
  }

  zoomIn(): void {
    this.zoomBy(STEP);
  }

  zoomOut(): void {
    this.zoomBy(1 / STEP);
  }

  reset(): void {
    this.viewer?.viewport.goHome();
  }

  // Shows each pixel of the picture by one of the screen.
  actualSize(): void {
    const { viewport } = this.viewer ?? {};
    viewport?.zoomTo(viewport.imageToViewportZoom(1 / (window.devicePixelRatio || 1)));
    viewport?.applyConstraints();
  }

  // To be called when the container has got another size; most changes are noticed without it.
  resize(): void {
    this.viewer?.forceResize();
  }

  toggleHelp(): void {
    this.panel.toggleHelp();
  }

  toggleInfo(): void {
    if (!this.panel.toggleInfo()) return;
    this.events.oninfo?.(this.source);
    if (!this.told) void this.tell();
  }

  // The title and description: those that options say, else those that the server knows.
  private async tell(): Promise<void> {
    this.told = true;
    let { title, description } = this.options;
    this.panel.setInfo(title ?? "", description ?? "");
    if (title !== undefined && description !== undefined) return;
    try {
      const known = await details(this.address);
      title ??= known.title;
      description ??= known.description;
    } catch {
      // The server does not tell pages of this site.
    }
    const file = this.address.get("src")?.split("/").pop();
    this.panel.setInfo(title || file || "", description ?? "");
  }

  download(): void {
    this.events.ondownload?.(this.source);
    const src = this.address.get("src") ?? "";
    const page = this.address.get("page");
    // In a page of its own: where the server refuses, this one stays.
    const link = make("a", "", { target: "_blank", rel: "noopener" });
    link.href = new Address(
      `${this.address.server}original`,
      new Map([["src", src], ...(page ? [["page", page] as [string, string]] : []), ["attach", "1"]]),
    ).toString();
    link.click();
  }

  toggleFullscreen(): void {
    if (this.full) void this.leaveFullscreen();
    else void this.enterFullscreen();
  }

  private async enterFullscreen(): Promise<void> {
    try {
      await this.root.requestFullscreen();
    } catch {
      // Where the browser refuses, the viewer covers the page instead.
      this.root.classList.add("halftone-zoom-covering");
      this.setFull(true);
    }
  }

  private async leaveFullscreen(): Promise<void> {
    if (document.fullscreenElement === this.root) await document.exitFullscreen();
    this.root.classList.remove("halftone-zoom-covering");
    this.setFull(false);
  }

  private fullscreenChanged(): void {
    if (this.root.classList.contains("halftone-zoom-covering")) return;
    this.setFull(document.fullscreenElement === this.root);
  }

  private setFull(full: boolean): void {
    if (full === this.full) return;
    this.full = full;
    this.panel.showFullscreen(full);
    this.resize();
    this.events.onfullscreen?.(this.source, full);
  }

  private keyPressed(event: KeyboardEvent): void {
    const { key, target } = event;
    const around = this.root.closest(OVER) ?? this.root;
    const isHere = target instanceof Node && around.contains(target);
    if (key === "Escape") {
      const covers = this.root.classList.contains("halftone-zoom-covering");
      if (isHere && this.panel.hideTexts()) event.preventDefault();
      else if (covers) void this.leaveFullscreen();
      return;
    }
    if (!isHere || event.ctrlKey || event.altKey || event.metaKey) return;
    if (key === "1") return this.actualSize();
    // The picture itself knows the others.
    if (target === this.viewer?.canvas) return;
    if (key === "+" || key === "=") this.zoomIn();
    else if (key === "-") this.zoomOut();
    else if (key === "0") this.reset();
  }

  // The part of the picture's own pixels that one of the page shows: 1 and more is full size.
  get magnification(): number {
    const { viewport } = this.viewer ?? {};
    return viewport ? viewport.viewportToImageZoom(viewport.getZoom()) : 0;
  }

  destroy(): void {
    this.ending.abort();
    if (document.fullscreenElement === this.root) void document.exitFullscreen();
    this.viewer?.destroy();
    this.root.remove();
  }
}
