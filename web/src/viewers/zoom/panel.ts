// The controls of a zooming viewer, and the texts that they show.

import { button, hasFingers, make, setIcon } from "../shared/dom";
import { ICONS } from "../shared/icons";
import type { Say } from "../shared/texts";
import type { Controls, Options } from "./options";

export interface Actions {
  zoomIn(): void;
  zoomOut(): void;
  reset(): void;
  actualSize(): void;
  toggleFullscreen(): void;
  download(): void;
  toggleInfo(): void;
  toggleHelp(): void;
}

export class Panel {
  readonly element: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly info = make("div", "halftone-zoom-info", { role: "status" });
  private readonly help = make("div", "halftone-zoom-help", { role: "status" });
  private readonly buttons: Partial<Record<keyof Controls, HTMLButtonElement>> = {};

  constructor(
    options: Options,
    actions: Actions,
    private readonly say: Say,
  ) {
    this.bar = make("div", "halftone-zoom-bar", { role: "group", "aria-label": say("controls") });
    const row = make("div", "halftone-zoom-row", {}, this.bar);
    const panel = make("div", "halftone-zoom-panel", {}, this.info, this.help, row);
    this.element = make("div", "halftone-zoom-frame", {}, panel);
    this.info.hidden = this.help.hidden = true;
    const lines = hasFingers() ? ["help-pinch", "help-drag", "help-all"] : ["help-zoom", "help-move", "help-whole"];
    this.help.append(...lines.map((line) => make("p", "", {}, say(line))));
    this.addButtons(options, actions);
    this.showTexts();
    if (options.showcontrols === "no") this.bar.hidden = true;
    if (options.showcontrols === "auto") row.append(this.toggle());
    this.element.style.setProperty("--halftone-buttons", String(Math.max(1, row.querySelectorAll("button").length)));
  }

  private addButtons({ controls }: Options, actions: Actions): void {
    const add = (name: keyof Controls, label: string, icon: string, act: () => void) => {
      if (!controls[name]) return;
      const made = button("halftone-zoom-button", this.say(label), icon, act);
      this.buttons[name] = made;
      this.bar.append(made);
    };
    add("zoomin", "zoom-in", ICONS.plus, () => actions.zoomIn());
    add("zoomout", "zoom-out", ICONS.minus, () => actions.zoomOut());
    add("actual", "actual", ICONS.actual, () => actions.actualSize());
    add("reset", "reset", ICONS.reset, () => actions.reset());
    add("title", "about", ICONS.about, () => actions.toggleInfo());
    add("download", "download", ICONS.download, () => actions.download());
    add("help", "help", ICONS.help, () => actions.toggleHelp());
    add("fullscreen", "fullscreen", ICONS.expand, () => actions.toggleFullscreen());
  }

  // Lets the user show and hide the controls.
  private toggle(): HTMLElement {
    const toggle = button("halftone-zoom-button halftone-zoom-toggle", this.say("show-controls"), ICONS.more, () => {
      this.bar.hidden = !this.bar.hidden;
      toggle.setAttribute("aria-expanded", String(!this.bar.hidden));
    });
    toggle.setAttribute("aria-expanded", "false");
    this.bar.hidden = true;
    return toggle;
  }

  showFullscreen(on: boolean): void {
    const { fullscreen } = this.buttons;
    if (!fullscreen) return;
    const label = this.say(on ? "leave-fullscreen" : "fullscreen");
    fullscreen.setAttribute("aria-label", label);
    fullscreen.title = label;
    setIcon(fullscreen, on ? ICONS.shrink : ICONS.expand);
  }

  // Tells which way there is nothing more: the picture is whole, or as large as it gets.
  showEnds(isWhole: boolean, isLargest: boolean): void {
    const { zoomin, zoomout, reset } = this.buttons;
    zoomin?.setAttribute("aria-disabled", String(isLargest));
    zoomout?.setAttribute("aria-disabled", String(isWhole));
    reset?.setAttribute("aria-disabled", String(isWhole));
  }

  private showTexts(): void {
    this.buttons.help?.setAttribute("aria-expanded", String(!this.help.hidden));
    this.buttons.title?.setAttribute("aria-expanded", String(!this.info.hidden));
  }

  // Takes away the texts that lie over the picture; tells whether there was one.
  hideTexts(): boolean {
    const shown = !this.help.hidden || !this.info.hidden;
    this.help.hidden = this.info.hidden = true;
    this.showTexts();
    return shown;
  }

  // Tells whether it is shown now.
  toggleHelp(): boolean {
    this.info.hidden = true;
    this.help.hidden = !this.help.hidden;
    this.showTexts();
    return !this.help.hidden;
  }

  toggleInfo(): boolean {
    this.help.hidden = true;
    this.info.hidden = !this.info.hidden;
    this.showTexts();
    return !this.info.hidden;
  }

  setInfo(title: string, description: string): void {
    const lines = [make("p", "halftone-zoom-title", {}, title || this.say("untitled"))];
    if (description) lines.push(make("p", "", {}, description));
    this.info.replaceChildren(...lines);
  }
}
