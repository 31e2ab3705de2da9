// Another picture of the library, chosen from what a search finds.

import { Refused, pageNow } from "../page";
import { close, open } from "../sheets";
import { text } from "./words";

const sheet = () => document.getElementById("picker");

let chosen: (path: string) => void = () => undefined;

/** Opens the sheet; `then` is told of the path of what is chosen. */
export function pick(then: (path: string) => void): void {
  chosen = then;
  open("picker");
  void search("");
}

async function search(words: string): Promise<void> {
  const place = sheet()?.querySelector("[data-picked]");
  if (!place) return;
  try {
    const page = await pageNow(`/search?${new URLSearchParams({ q: words })}`);
    const found = [...page.querySelectorAll<HTMLElement>(".tile[data-path]")];
    if (found.length === 0) place.textContent = text("noneFound");
    else place.replaceChildren(...found.map(choice));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    place.textContent = error.message;
  }
}

function line(text: string, name: string): HTMLElement {
  const element = document.createElement("bdi");
  element.className = name;
  element.textContent = text;
  return element;
}

function choice(tile: HTMLElement): HTMLElement {
  const button = document.createElement("button");
  const path = tile.dataset["path"] ?? "";
  const at = path.lastIndexOf("/") + 1;
  button.type = "button";
  button.title = path;
  const picture = tile.querySelector("img");
  if (picture) {
    const shown = document.createElement("img");
    shown.alt = "";
    shown.loading = "lazy";
    shown.src = picture.getAttribute("src") ?? "";
    button.append(shown);
  }
  button.append(line(path.slice(at), "name"), line(path.slice(0, Math.max(0, at - 1)), "where"));
  button.addEventListener("click", () => {
    chosen(path);
    const place = sheet();
    if (place) close(place);
  });
  return button;
}

export function picking(): void {
  const form = sheet()?.querySelector<HTMLFormElement>("form[data-picker]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void search(String(new FormData(form).get("q") ?? ""));
  });
}
