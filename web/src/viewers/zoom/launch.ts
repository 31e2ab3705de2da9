// A zooming viewer over the whole page, opened from a picture in it. Gives back what closes it.

import { button, make, readAs } from "../shared/dom";
import { ICONS } from "../shared/icons";
import { textsFor } from "../shared/texts";
import type { Events, Given } from "./options";
import { ZoomViewer } from "./viewer";

export function launch(from: Element, source: string, given?: Given | null, events: Events = {}): () => void {
  const say = textsFor(from);
  const place = make("div", "halftone-zoom-place");
  const dialog = make("dialog", "halftone-zoom-dialog", { "aria-label": given?.title || say("fullscreen") });
  const close = button("halftone-zoom-button halftone-zoom-close", say("close"), ICONS.close, () => dialog.close());
  readAs(from, dialog);
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
  return () => dialog.close();
}
