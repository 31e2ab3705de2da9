// The functions of the old gallery. Pages bring the zooming viewer's script along.

import { Address } from "../shared/address";
import { button, elementOf, ensureStyles, make, makeClickable, readAs, shownBy, type Container } from "../shared/dom";
import { ICONS } from "../shared/icons";
import { textsFor, titled } from "../shared/texts";
import { Containers, expose } from "./containers";
import css from "./gallery_view.css";
import { picturesOf, type Entry, type Sources } from "./pictures";
import { Strip, type Events, type Options } from "./strip";

type Given = Partial<Sources & Options>;

const strips = new Containers<Strip>();
const THUMBNAIL = { width: 150, height: 150 };

function init(container: Container, options: Given, events?: Events | null): void {
  const element = elementOf(container);
  if (!element) return;
  const strip = new Strip(element, { ...options, thumbsize: options.thumbsize ?? THUMBNAIL }, events ?? {});
  strips.set(element, strip);
  picturesOf({ ...options, server: options.server ?? "/" }).then(
    (pictures) => strip.fill(pictures),
    (error: unknown) => console.error("gallery_view_init:", error),
  );
}

// A gallery over the whole page.
function launch(from: Element, options: Given, events: Events): void {
  const say = textsFor(from);
  const place = make("div", "halftone-strip-place");
  const close = button("halftone-round halftone-strip-close", say("close"), ICONS.close, () =>
    dialog.close(),
  );
  const dialog = make("dialog", "halftone-strip-dialog", { "aria-label": say("gallery") }, place, close);
  readAs(from, dialog);
  document.body.append(dialog);
  dialog.showModal();
  let shown = "";
  const following: Events = {
    ...events,
    onchange: (address) => {
      if (!shown) events.onfullscreen?.(address, true);
      shown = address;
      events.onchange?.(address);
    },
  };
  const controls = { ...options.viewer?.controls, fullscreen: false };
  init(place, { ...options, viewer: { ...options.viewer, controls } }, following);
  dialog.addEventListener("close", () => {
    dialog.remove();
    events.onfullscreen?.(shown, false);
  });
}

const ready = new WeakSet<HTMLElement>();

function open(element: HTMLElement, act: () => void): void {
  if (ready.has(element)) return;
  ready.add(element);
  makeClickable(element, titled(textsFor(element), "open", element.title || element.getAttribute("alt")), act);
}

function initFullscreen(container: Container, options: Given, events?: Events | null): void {
  const element = elementOf(container);
  if (element) open(element, () => launch(element, options, events ?? {}));
}

// The picture of an element of the page as an entry of the gallery's options.
function entryOf(element: HTMLElement): Entry | null {
  const shown = shownBy(element);
  if (!shown) return null;
  const address = Address.parse(shown);
  const title = element.title || element.getAttribute("alt") || undefined;
  const { width: _width, height: _height, ...others } = address.all();
  return { ...others, src: address.get("src") ?? "", server: address.server, ...(title ? { title } : {}) };
}

function initAllFullscreen(className: string, options?: Given | null, events?: Events | null): void {
  const elements = [...document.getElementsByClassName(className)].filter(
    (element) => element instanceof HTMLElement,
  );
  for (const element of elements) {
    open(element, () => {
      // Asked now: lazy pictures may have come since.
      const entries = elements.map(entryOf).filter((entry) => entry !== null);
      const startImage = entryOf(element)?.src;
      const images = [...(options?.images ?? []), ...entries];
      const server = options?.server ?? entries[0]?.server ?? "/";
      launch(element, { ...options, server, images, ...(startImage ? { startImage } : {}) }, events ?? {});
    });
  }
}

ensureStyles("halftone-strip", css);
expose({
  gallery_view_init: init,
  gallery_view_init_fullscreen: initFullscreen,
  gallery_view_init_all_fullscreen: initAllFullscreen,
  gallery_view_resize: (container: Container) => strips.get(container)?.resize(),
});
