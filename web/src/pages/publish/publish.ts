// The page where the address of a picture is put together. The server says what comes of the fields: its page is
// asked for whenever they change, and what has changed in it is taken over. The picture is fetched by its own address.

import { Refused, pageNow } from "../page";
import { tabs } from "./code";
import { compared, comparing } from "./compare";
import { enhance, fault, sync } from "./controls";
import type { Refusal } from "./fetched";
import { Modes } from "./modes";
import { picking } from "./picker";
import { Result } from "./result";
import { learn, text } from "./words";

/** For how long fields have to rest. */
const REST_MS = 250;

const find = <E extends HTMLElement>(root: ParentNode, selector: string): E => {
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

class Page {
  private readonly result: Result;
  private readonly modes: Modes;
  private readonly outputs: HTMLElement;
  private readonly alert: HTMLElement;
  private timer = 0;
  private commits = false;
  private asked = location.pathname + location.search;
  private stop = new AbortController();

  constructor(private readonly form: HTMLFormElement) {
    const [stage, facts] = [find(form, "[data-stage]"), find(form, "[data-facts]")];
    this.outputs = find(form, "[data-outputs]");
    this.alert = find(form, "[data-preview-fault]");
    this.result = new Result(stage, facts, (refusal) => this.refused(refusal));
    this.modes = new Modes(form, form, stage, facts, this.result.image);
    enhance(form);
    tabs(this.outputs);
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
    document.querySelector("[data-afresh]")?.addEventListener("click", (event) => {
      event.preventDefault();
      const src = String(new FormData(form).get("src") ?? "");
      const address = `${location.pathname}?${new URLSearchParams({ src }).toString().replace(/%2F/g, "/")}`;
      void this.take(address, "push");
    });
  }

  private later(rest: number, commits: boolean): void {
    clearTimeout(this.timer);
    // What is on its way would set the fields back.
    this.stop.abort();
    this.asked = "";
    this.commits ||= commits;
    this.timer = setTimeout(() => {
      const how = this.commits ? "push" : "none";
      this.commits = false;
      void this.take(addressOf(this.form), how);
    }, rest);
  }

  /** Takes over the page of an address; `push` makes it a step of the way back. */
  private async take(address: string, how: "push" | "none"): Promise<void> {
    if (how === "push" && address !== location.pathname + location.search) history.pushState(null, "", address);
    if (address === this.asked) return;
    this.asked = address;
    this.stop.abort();
    const stop = (this.stop = new AbortController());
    try {
      const page = await pageNow(address, { signal: stop.signal });
      if (!stop.signal.aborted) this.show(page);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.asked = "";
      if (!(error instanceof Refused)) throw error;
      this.alert.textContent = error.status === 0 ? text("offline") : error.message;
    }
  }

  /** Shows what a page of the server says: this one, or one that was asked for. */
  private show(page: Document): void {
    if (page !== document) {
      for (const own of this.form.querySelectorAll<HTMLElement>("[data-control]")) {
        const other = page.querySelector<HTMLElement>(`[data-control="${own.dataset["control"]}"]`);
        if (other) sync(own, other);
      }
      for (const part of ["[data-outputs]", "[data-notes]", "[data-template-note]", "[data-of-note]", "[data-variants]"]) {
        const [mine, theirs] = [document.querySelector(part), page.querySelector(part)];
        if (mine && theirs) mine.replaceChildren(...[...theirs.childNodes].map((node) => document.importNode(node, true)));
      }
      const whole = page.querySelector<HTMLElement>("[data-whole]")?.dataset["whole"];
      const compare = page.querySelector<HTMLElement>("[data-compare]");
      if (whole) find(this.form, "[data-whole]").dataset["whole"] = whole;
      if (compare) find(document, "[data-compare]").hidden = compare.hidden;
      tabs(this.outputs);
      compared();
      this.modes.refresh();
    }
    this.alert.textContent = "";
    const preview = page.querySelector<HTMLImageElement>("[data-preview]");
    const [address, shown] = [preview?.dataset["address"] ?? preview?.getAttribute("src"), preview?.dataset["shown"]];
    if (address && shown) void this.result.show(address, shown);
  }

  /** Says what the server has against the picture: at the field that it names, or below the picture. */
  private refused(refusal: Refusal | null): void {
    this.alert.textContent = "";
    if (!refusal) return;
    const control = this.form.querySelector<HTMLElement>(`[data-control="${CSS.escape(refusal.parameter)}"]`);
    if (control) fault(control, refusal.message);
    this.alert.textContent = control
      ? `${control.querySelector(".label")?.textContent ?? refusal.parameter}: ${refusal.message}`
      : refusal.message;
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-publish]");
if (form) {
  learn(form);
  for (const part of document.querySelectorAll<HTMLElement>("[data-when-ready]")) part.hidden = false;
  for (const part of document.querySelectorAll<HTMLElement>("[data-without-script]")) part.hidden = true;
  picking();
  new Page(form);
  comparing();
}
