// Putting a portfolio together: order by dragging or by arrows without leaving the page, and files that are being
// made. Without this script the same forms are posted.

import { Refused, call, filled, pageNow, say, word } from "./page";
import { moments } from "./small";

// How often a file that is being made is looked at.
const LOOK_MS = 1500;

/** Puts what a page says now in the place of what it said. */
function renew(page: Document, selector: string): void {
  const [here, there] = [document.querySelector(selector), page.querySelector(selector)];
  if (!here || !there) return;
  const fresh = document.importNode(there, true);
  here.replaceWith(fresh);
  moments(fresh);
}

async function doing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status !== 404 || work === changedElsewhere) return say(error.message);
    await doing(changedElsewhere);
  }
}

/** Shows the portfolio as it is now: a picture is no longer in it. */
async function changedElsewhere(): Promise<void> {
  const page = await pageNow(location.href);
  // The last one leaves a page that says how to go on.
  if (!page.querySelector("[data-arrange]")) return location.reload();
  renew(page, "[data-arrange]");
  say(word("portfolio-changed"));
}

const list = () => document.querySelector<HTMLElement>("[data-arrange]");
const itemOf = (at: EventTarget | null) =>
  at instanceof Element ? at.closest<HTMLElement>("[data-arrange] > li") : null;

/** Moves a picture to a place of the whole portfolio, and shows the order that came of it. */
function move(item: HTMLElement, index: number, focused: string): Promise<void> {
  return doing(async () => {
    const [folio, image] = [list()?.dataset["arrange"], item.dataset["image"]];
    const fields = new URLSearchParams({ index: String(index) });
    await call("PUT", `/portfolios/${folio}/images/${image}/position`, fields);
    renew(await pageNow(location.href), "[data-arrange]");
    const moved = document.querySelector<HTMLElement>(`[data-image="${image}"]`);
    const place = moved?.querySelector(".number")?.textContent ?? "";
    const told = list()?.dataset["said"] ?? "";
    say(filled(told, { name: item.dataset["name"] ?? "", place }));
    if (focused === "") return;
    const buttons = [`[data-move="${focused}"] button:enabled`, "[data-move] button:enabled"];
    const button = buttons.map((one) => moved?.querySelector<HTMLElement>(one)).find((one) => one);
    button?.focus();
  });
}

function takeOut(form: HTMLFormElement, item: HTMLElement): Promise<void> {
  return doing(async () => {
    const folio = list()?.dataset["arrange"];
    const next = item.nextElementSibling ?? item.previousElementSibling;
    const image = next instanceof HTMLElement ? next.dataset["image"] : undefined;
    await call("DELETE", `/portfolios/${folio}/images/${item.dataset["image"]}`);
    // The last one leaves a page that says how to go on.
    if (!image) return location.assign(new URL(form.action).searchParams.get("next") ?? location.href);
    renew(await pageNow(location.href), "[data-arrange]");
    document.querySelector<HTMLElement>(`[data-image="${image}"] [data-take-out] button`)?.focus();
  });
}

function arranging(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const item = itemOf(form);
    if (!(form instanceof HTMLFormElement) || !item) return;
    const direction = form.dataset["move"];
    if (direction !== undefined) {
      event.preventDefault();
      void move(item, Number(new FormData(form).get("index")), direction);
    } else if ("takeOut" in form.dataset) {
      event.preventDefault();
      void takeOut(form, item);
    }
  });
  dragging();
}

function dragging(): void {
  let dragged: HTMLElement | null = null;
  const unmark = () => {
    for (const item of document.querySelectorAll(".before, .after")) {
      item.classList.remove("before", "after");
    }
  };
  /** Whether the pointer is in the half of an item that is read last. */
  const isAfter = (item: HTMLElement, event: DragEvent): boolean => {
    const box = item.getBoundingClientRect();
    const right = event.clientX > box.left + box.width / 2;
    return getComputedStyle(item).direction === "rtl" ? !right : right;
  };
  document.addEventListener("dragstart", (event) => {
    dragged = itemOf(event.target);
    dragged?.classList.add("dragged");
    if (dragged && event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    unmark();
  });
  document.addEventListener("dragover", (event) => {
    const item = itemOf(event.target);
    if (!dragged || !item) return;
    event.preventDefault();
    unmark();
    if (item !== dragged) item.classList.add(isAfter(item, event) ? "after" : "before");
  });
  document.addEventListener("drop", (event) => {
    const item = itemOf(event.target);
    if (!dragged || !item || item === dragged) return;
    event.preventDefault();
    const [from, to] = [dragged, item].map((one) => Number(one.dataset["place"])) as [number, number];
    // Places are counted without the picture that moves.
    const before = to > from ? to - 1 : to;
    void move(dragged, isAfter(item, event) ? before + 1 : before, "");
  });
}

/** Looks how far files are until all are made, while the page is looked at. */
function making(pause = LOOK_MS): void {
  if (!document.querySelector("[data-exports][data-making]")) return;
  setTimeout(() => {
    if (document.hidden) return making();
    pageNow(location.href, { unattended: true })
      .then((page) => {
        renew(page, "[data-exports]");
        making();
      })
      // The server is away, or says no: it is asked seldom then.
      .catch(() => making(10 * LOOK_MS));
  }, pause);
}

arranging();
making();
