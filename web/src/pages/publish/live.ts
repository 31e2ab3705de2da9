// A page that shows what comes of its fields. The server says it: its page is asked for whenever they change, and what
// has changed in it is taken over. The picture is fetched by its own address.

import { isBusy } from "../../viewers/shared/busy";
import { Refused, pageNow } from "../page";
import { fault, sync } from "./controls";
import type { Refusal } from "./fetched";
import { Modes } from "./modes";
import { Result } from "./result";
import { text } from "./words";

/** For how long fields have to rest. */
const REST_MS = 250;

/** When a server that did not answer is asked once more. */
const AGAIN_MS = 15_000;

export const find = <E extends HTMLElement>(root: ParentNode, selector: string): E => {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
};

/** What the fields say, as this page's address. */
function addressOf(form: HTMLFormElement): string {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const field = form.elements.namedItem(name);
    const usual = field instanceof HTMLInputElement ? field.dataset["usual"] : undefined;
    // Words that are usually said, and are not to be, are left out by a blank.
    const said = value !== "" ? value !== usual : (usual ?? "") !== "";
    if (typeof value === "string" && said) query.append(name, value);
  }
  return `${location.pathname}?${query.toString().replace(/%2F/g, "/")}`;
}

/** Says what the server has against a picture: at the field that it names, or in `alert`. */
export function refused(form: HTMLElement, alert: HTMLElement, refusal: Refusal | null): void {
  alert.textContent = "";
  if (!refusal) return;
  const control = form.querySelector<HTMLElement>(`[data-control="${CSS.escape(refusal.parameter)}"]`);
  if (control) fault(control, refusal.message);
  alert.textContent = control
    ? `${control.querySelector(".label")?.textContent ?? refusal.parameter}: ${refusal.message}`
    : refusal.message;
}

export interface Manner {
  /** What is taken over of the page beside its controls: the content of these. */
  parts: string[];
  /** Whether it is told how large the picture is. */
  measures: boolean;
  /** What else there is to do with an answer. */
  taken: (page: Document) => void;
  /** What there is to do when the page no longer says what its fields do, and when it does again. */
  outdated?: (is: boolean) => void;
}

export class Live {
  private readonly result: Result;
  private readonly modes: Modes;
  private readonly alert: HTMLElement;
  private timer = 0;
  private commits = false;
  private asked = location.pathname + location.search;
  /** The address that the server did not answer. */
  private missed = "";
  private stop = new AbortController();

  /** `form` has the fields, and `place` the picture. */
  constructor(
    private readonly form: HTMLFormElement,
    private readonly place: HTMLElement,
    private readonly manner: Manner,
  ) {
    const [stage, facts] = [find(place, "[data-stage]"), find(place, "[data-facts]")];
    this.alert = find(place, "[data-preview-fault]");
    this.result = new Result(stage, manner.measures ? facts : null, (refusal) => refused(form, this.alert, refusal));
    this.modes = new Modes(form, place, stage, facts, this.result.image);
    this.modes.refresh();
    this.show(document);
    form.addEventListener("input", () => this.later(REST_MS, false));
    form.addEventListener("change", () => this.later(0, true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.later(0, true);
    });
    addEventListener("popstate", () => {
      // What the field that has the focus says is taken over, too.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      clearTimeout(this.timer);
      void this.take(location.pathname + location.search, "none");
    });
    addEventListener("online", () => this.missed && void this.take(this.missed, "none"));
  }

  private later(rest: number, commits: boolean): void {
    clearTimeout(this.timer);
    // What is on its way would set the fields back.
    this.stop.abort();
    this.asked = "";
    this.missed = "";
    this.commits ||= commits;
    this.timer = setTimeout(() => {
      const how = this.commits ? "push" : "none";
      this.commits = false;
      void this.take(addressOf(this.form), how);
    }, rest);
  }

  /** Asks for what comes of the fields as they are now; whether that is shown then. */
  again(): Promise<boolean> {
    clearTimeout(this.timer);
    this.asked = "";
    return this.take(addressOf(this.form), "none");
  }

  /** Takes over the page of an address; `push` makes it a step of the way back. Gives back whether it came. */
  async take(address: string, how: "push" | "none", isLast = false): Promise<boolean> {
    if (how === "push" && address !== location.pathname + location.search) history.pushState(null, "", address);
    if (address === this.asked) return false;
    this.asked = address;
    this.missed = "";
    this.stop.abort();
    const stop = (this.stop = new AbortController());
    try {
      const page = await pageNow(address, { signal: stop.signal });
      if (!stop.signal.aborted) this.show(page);
      return !stop.signal.aborted;
    } catch (error) {
      if (stop.signal.aborted) return false;
      this.asked = "";
      if (!(error instanceof Refused)) throw error;
      this.alert.textContent = error.status === 0 ? text("offline") : error.message;
      this.manner.outdated?.(true);
      if (error.status === 0 || isBusy(error.status)) this.wait(address, isLast);
      return false;
    }
  }

  /** Has an address that was not answered asked for again: when there is a network again, and once after a while. */
  private wait(address: string, isLast: boolean): void {
    this.missed = address;
    clearTimeout(this.timer);
    if (!isLast) this.timer = setTimeout(() => void this.take(address, "none", true), AGAIN_MS);
  }

  /** Shows what a page of the server says: this one, or one that was asked for. */
  private show(page: Document): void {
    if (page !== document) {
      for (const own of this.form.querySelectorAll<HTMLElement>("[data-control]")) {
        const other = page.querySelector<HTMLElement>(`[data-control="${own.dataset["control"]}"]`);
        if (other) sync(own, other);
      }
      for (const part of this.manner.parts) {
        const [mine, theirs] = [document.querySelector(part), page.querySelector(part)];
        if (mine && theirs) mine.replaceChildren(...[...theirs.childNodes].map((node) => document.importNode(node, true)));
      }
      const whole = page.querySelector<HTMLElement>("[data-whole]")?.dataset["whole"];
      if (whole) find(this.place, "[data-whole]").dataset["whole"] = whole;
      this.manner.taken(page);
      this.modes.refresh();
    }
    this.alert.textContent = "";
    this.manner.outdated?.(false);
    const preview = page.querySelector<HTMLImageElement>("[data-preview]");
    const [address, shown] = [preview?.dataset["address"] ?? preview?.getAttribute("src"), preview?.dataset["shown"]];
    if (address && shown) void this.result.show(address, shown);
  }
}
