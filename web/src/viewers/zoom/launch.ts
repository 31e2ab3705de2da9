// A zooming viewer over the whole page, opened from a picture in it.

import { button, make } from "../shared/dom";
import { ICONS } from "../shared/icons";
import { TEXTS } from "../shared/texts";
import type { Events, Given } from "./options";
import { ZoomViewer } from "./viewer";

export function launch(source: string, given?: Given | null, events: Events = {}): void {
  const place = make("div", "halftone-zoom-place");
  const dialog = make("dialog", "halftone-zoom-dialog", { "aria-label": given?.title || TEXTS.fullscreen });
  const close = button("halftone-zoom-button halftone-zoom-close", TEXTS.close, ICONS.close, () => dialog.close());
  dialog.append(place, close);
  document.body.append(dialog);
  dialog.showModal();
  // It fills the window already; what would be left is the browser's own full screen.
  const controls = { ...given?.controls, fullscreen: false };
  const viewer = new ZoomViewer(place, source, { ...given, controls }, events);
  events.onfullscreen?.(source, true);
  dialog.addEventListener("close", () => {
    viewer.destroy();
    dialog.remove();
    events.onfullscreen?.(source, false);
  });
}
