// The controls of a zooming viewer, and the texts that they show.

import { button, make, setIcon } from "../shared/dom";
import { ICONS } from "../shared/icons";
import type { Say } from "../shared/texts";
import type { Options } from "./options";

export interface Actions {
  zoomIn(): void;
  zoomOut(): void;
  reset(): void;
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
  private fullscreen: HTMLButtonElement | undefined;

  constructor(
    options: Options,
    actions: Actions,
    private readonly say: Say,
  ) {
    this.bar = make("div", "halftone-zoom-bar", { role: "toolbar", "aria-label": say("controls") });
    this.element = make("div", "halftone-zoom-panel", {}, this.info, this.help, this.bar);
    this.info.hidden = this.help.hidden = true;
    const lines = [say("help-zoom"), say("help-move"), say("help-whole")];
    this.help.append(...lines.map((line) => make("p", "", {}, line)));
    this.addButtons(options, actions);
    if (options.showcontrols === "no") this.bar.hidden = true;
    if (options.showcontrols === "auto") this.addToggle();
  }

  private add(wanted: boolean, label: string, icon: string, act: () => void): HTMLButtonElement | undefined {
    if (!wanted) return undefined;
    const made = button("halftone-zoom-button", label, icon, act);
    this.bar.append(made);
    return made;
  }

  private addButtons({ controls }: Options, actions: Actions): void {
    const { say } = this;
    this.add(controls.zoomin, say("zoom-in"), ICONS.plus, () => actions.zoomIn());
    this.add(controls.zoomout, say("zoom-out"), ICONS.minus, () => actions.zoomOut());
    this.add(controls.reset, say("reset"), ICONS.reset, () => actions.reset());
    this.add(controls.title, say("about"), ICONS.about, () => actions.toggleInfo());
    this.add(controls.download, say("download"), ICONS.download, () => actions.download());
    this.add(controls.help, say("help"), ICONS.help, () => actions.toggleHelp());
    const toggle = () => actions.toggleFullscreen();
    this.fullscreen = this.add(controls.fullscreen, say("fullscreen"), ICONS.expand, toggle);
  }

  // Lets the user show and hide the controls.
  private addToggle(): void {
    const toggle = button("halftone-zoom-button halftone-zoom-toggle", this.say("show-controls"), ICONS.more, () => {
      this.bar.hidden = !this.bar.hidden;
      toggle.setAttribute("aria-expanded", String(!this.bar.hidden));
    });
    toggle.setAttribute("aria-expanded", "false");
    this.bar.hidden = true;
    this.element.append(toggle);
  }

  showFullscreen(on: boolean): void {
    if (!this.fullscreen) return;
    const label = this.say(on ? "leave-fullscreen" : "fullscreen");
    this.fullscreen.setAttribute("aria-label", label);
    this.fullscreen.title = label;
    setIcon(this.fullscreen, on ? ICONS.shrink : ICONS.expand);
  }

  // Tells whether it is shown now.
  toggleHelp(): boolean {
    this.info.hidden = true;
    this.help.hidden = !this.help.hidden;
    return !this.help.hidden;
  }

  toggleInfo(): boolean {
    this.help.hidden = true;
    this.info.hidden = !this.info.hidden;
    return !this.info.hidden;
  }

  setInfo(title: string, description: string): void {
    const lines = [make("p", "halftone-zoom-title", {}, title || this.say("untitled"))];
    if (description) lines.push(make("p", "", {}, description));
    this.info.replaceChildren(...lines);
  }
}
