// What scripts add to the controls of parameters: sliders, colour fields, compasses, lists. The field that is sent
// stays the one of the page; what is added writes into it, and follows it.

import { pick } from "./picker";
import { decimal, text } from "./words";

interface Control {
  place: HTMLElement;
  field: HTMLInputElement;
  label: string;
}

/** Writes into a field as its user would. */
function write(field: HTMLInputElement, value: string, done: boolean): void {
  field.value = value;
  field.dispatchEvent(new Event(done ? "change" : "input", { bubbles: true }));
}

/** Runs `follow` whenever the field has another value or another state. */
function following({ place, field }: Control, follow: () => void): void {
  for (const name of ["input", "change"]) field.addEventListener(name, follow);
  place.addEventListener("synced", follow);
  follow();
}

/** Puts something beside a field. */
function beside(field: HTMLElement, className: string, ...added: HTMLElement[]): void {
  const place = document.createElement("div");
  place.className = className;
  field.replaceWith(place);
  place.append(...(className === "with-slider" ? [...added, field] : [field, ...added]));
}

/** Keys that move a slider. */
const MOVES = /^(Home|End|PageUp|PageDown|Arrow(Up|Down|Left|Right))$/;

function range(control: Control, from: number, to: number, step: number): HTMLInputElement {
  const slider = document.createElement("input");
  slider.type = "range";
  [slider.min, slider.max, slider.step] = [String(from), String(to), String(step)];
  slider.setAttribute("aria-label", `${control.label}, ${text("slider")}`);
  return slider;
}

function sliding(control: Control): void {
  const { field } = control;
  const [from = 0, to = 1, step = 1] = (field.dataset["slider"] ?? "").split(" ").map(Number);
  const slider = range(control, from, to, step);
  beside(field, "with-slider", slider);
  for (const name of ["input", "change"]) {
    slider.addEventListener(name, (event) => {
      event.stopPropagation();
      write(field, decimal(Number(slider.value)), name === "change");
    });
  }
  const isSaid = () => Number.isFinite(Number.parseFloat(field.value));
  // Where nothing is said, its place can be chosen too, of which the slider itself says nothing.
  const choose = () => {
    if (!isSaid()) write(field, decimal(Number(slider.value)), true);
  };
  slider.addEventListener("click", choose);
  slider.addEventListener("keyup", ({ key }) => {
    if (MOVES.test(key)) choose();
  });
  following(control, () => {
    slider.disabled = field.disabled;
    slider.classList.toggle("unset", !isSaid());
    if (isSaid()) slider.removeAttribute("aria-valuetext");
    else slider.setAttribute("aria-valuetext", field.value.trim() || field.placeholder);
    // What nothing is said of stands where it is usually.
    const usual = Number.parseFloat(field.placeholder);
    const value = Number.parseFloat(field.value);
    const shown = Number.isFinite(value) ? value : Number.isFinite(usual) ? usual : from;
    if (document.activeElement !== slider || Number(slider.value) !== shown) slider.value = String(shown);
  });
}

function colouring(control: Control): void {
  const { field } = control;
  const chosen = document.createElement("input");
  chosen.type = "color";
  chosen.setAttribute("aria-label", `${control.label}, ${text("colour")}`);
  beside(field, "beside", chosen);
  const canvas = document.createElement("canvas").getContext("2d");
  /** Any colour of CSS in the form that the element takes. */
  const hexadecimal = (value: string): string | null => {
    if (!canvas || value === "" || /^(none|transparent|auto)$/i.test(value)) return null;
    const written = /^[\da-f]{3}$|^[\da-f]{6}$/i.test(value) ? `#${value}` : value;
    canvas.fillStyle = "#123456";
    canvas.fillStyle = written;
    const found = String(canvas.fillStyle);
    return /^#[\da-f]{6}$/.test(found) ? found : null;
  };
  for (const name of ["input", "change"]) {
    chosen.addEventListener(name, (event) => {
      event.stopPropagation();
      write(field, chosen.value.slice(1), name === "change");
    });
  }
  following(control, () => {
    chosen.disabled = field.disabled;
    chosen.value = hexadecimal(field.value.trim()) ?? "#ffffff";
  });
}

function button(className: string, label: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.addEventListener("click", act);
  made.setAttribute("aria-label", label);
  return made;
}

const COMPASS = ["nw", "n", "ne", "w", "c", "e", "sw", "s", "se"];

/** Places as a compass, and the other words as buttons. */
function placing(control: Control): void {
  const { place, field } = control;
  const options = [...place.querySelectorAll("option")];
  const label = (word: string) => options.find((option) => option.value === word)?.textContent ?? word;
  const choose = (word: string) => () => write(field, field.value === word ? "" : word, true);
  const compass = document.createElement("div");
  compass.className = "compass";
  const places = COMPASS.map((word) => button("", label(word), choose(word)));
  compass.append(...places);
  const words = options.map((option) => option.value).filter((word) => !COMPASS.includes(word));
  const others = words.map((word) => {
    const made = button("button", label(word), choose(word));
    made.textContent = label(word);
    return made;
  });
  const row = document.createElement("div");
  row.className = "places";
  row.append(compass, ...others);
  field.after(row);
  following(control, () => {
    const all = [...COMPASS, ...words];
    for (const [at, made] of [...places, ...others].entries()) {
      made.disabled = field.disabled;
      made.setAttribute("aria-pressed", String(field.value.trim().toLowerCase() === all[at]));
    }
  });
}

function select(label: string, options: [string, string][]): HTMLSelectElement {
  const made = document.createElement("select");
  made.setAttribute("aria-label", label);
  made.append(...options.map(([value, shown]) => new Option(shown, value)));
  return made;
}

/** Two elements that write one text: the field itself is no longer seen. */
function together(
  control: Control,
  first: HTMLSelectElement,
  second: HTMLInputElement,
  taken: (value: string) => [string, string],
  written: (first: string, second: string) => string,
): void {
  const { field } = control;
  const place = document.createElement("div");
  place.className = "beside even";
  place.append(first, second);
  field.after(place);
  field.hidden = true;
  for (const part of [first, second]) {
    for (const name of ["input", "change"]) {
      part.addEventListener(name, (event) => {
        event.stopPropagation();
        write(field, first.value === "" ? "" : written(first.value, second.value), name === "change");
      });
    }
  }
  following(control, () => {
    const [one, other] = taken(field.value.trim());
    first.disabled = field.disabled;
    second.disabled = field.disabled || one === "";
    if (document.activeElement !== first) first.value = one;
    if (document.activeElement !== second && other !== "") second.value = other;
  });
}

function aligning(control: Control): void {
  const options = [...control.place.querySelectorAll("option")];
  const edges = options.map((option): [string, string] => [option.value.charAt(0), option.textContent ?? ""]);
  const edge = select(`${control.label}, ${text("edge")}`, [["", control.field.placeholder], ...edges]);
  const at = range(control, 0, 1, 0.01);
  at.value = "0.5";
  at.setAttribute("aria-label", `${control.label}, ${text("place")}`);
  together(
    control,
    edge,
    at,
    (value) => [value.charAt(0).toUpperCase(), value.slice(1)],
    (first, second) => first + second,
  );
}

function tiling(control: Control): void {
  const grids = Array.from({ length: 15 }, (_, at) => (at + 2) ** 2);
  const options = grids.map((cells): [string, string] => [String(cells), `${Math.sqrt(cells)} × ${Math.sqrt(cells)}`]);
  const grid = select(`${control.label}, ${text("grid")}`, [["", control.field.placeholder], ...options]);
  const cell = document.createElement("input");
  cell.type = "number";
  [cell.min, cell.value] = ["1", "1"];
  cell.setAttribute("aria-label", `${control.label}, ${text("cell")}`);
  together(
    control,
    grid,
    cell,
    (value) => {
      const [number = "", cells = ""] = value.split(":").map((part) => part.trim());
      return [cells, number];
    },
    (cells, number) => {
      cell.max = cells;
      return `${Math.min(Math.max(Number(number) || 1, 1), Number(cells))}:${cells}`;
    },
  );
}

/** A number, or the word for leaving it open. */
function grading(control: Control): void {
  sliding(control);
  const { field } = control;
  const auto = button("button", text("auto"), () => write(field, field.value === "auto" ? "" : "auto", true));
  auto.textContent = text("auto");
  const row = document.createElement("div");
  row.className = "places";
  row.append(auto);
  (field.closest(".with-slider") ?? field).after(row);
  following(control, () => {
    auto.disabled = field.disabled;
    auto.setAttribute("aria-pressed", String(field.value.trim().toLowerCase() === "auto"));
  });
}

function picking(control: Control): void {
  const { field } = control;
  const open = button("button", "", () => pick((path) => write(field, path, true)));
  open.textContent = "…";
  open.setAttribute("aria-label", document.getElementById("picker-heading")?.textContent ?? "…");
  beside(field, "beside", open);
  following(control, () => (open.disabled = field.disabled));
}

/** What is added to controls of each kind. */
const KINDS: Record<string, (control: Control) => void> = {
  number: (control) => {
    if (control.field.dataset["slider"]) sliding(control);
  },
  colour: colouring,
  point: placing,
  align: aligning,
  tile: tiling,
  quality: grading,
  path: picking,
};

export function enhance(form: HTMLElement): void {
  for (const place of form.querySelectorAll<HTMLElement>("[data-control]")) {
    const field = place.querySelector<HTMLInputElement>("input[name]");
    const label = place.querySelector(".label")?.textContent ?? "";
    if (field) KINDS[place.dataset["kind"] ?? ""]?.({ place, field, label });
  }
}

/** Shows a value as it is written elsewhere, even one that a list does not offer. */
export function show(control: HTMLElement, value: string): void {
  const field = control.querySelector<HTMLInputElement | HTMLSelectElement>("[name]");
  if (!field) return;
  if (field instanceof HTMLSelectElement) {
    const same = [...field.options].find((option) => option.value.toLowerCase() === value.toLowerCase());
    if (!same) field.append(new Option(value, value));
    field.value = same?.value ?? value;
  } else {
    field.value = value;
  }
  control.dispatchEvent(new Event("synced"));
}

/** Takes over a control as the server has answered it; the text that somebody is writing stays. */
export function sync(own: HTMLElement, other: HTMLElement): void {
  const field = own.querySelector<HTMLInputElement | HTMLSelectElement>("[name]");
  const theirs = other.querySelector<HTMLInputElement | HTMLSelectElement>("[name]");
  if (!field || !theirs) return;
  field.disabled = theirs.disabled;
  const writes = document.activeElement === field;
  if (field instanceof HTMLSelectElement && theirs instanceof HTMLSelectElement) {
    const shown = (list: HTMLSelectElement) => [...list.options].map((option) => option.textContent).join("\n");
    if (shown(field) !== shown(theirs)) field.replaceChildren(...[...theirs.options].map((it) => it.cloneNode(true)));
    if (!writes) field.value = theirs.value;
  } else if (field instanceof HTMLInputElement && theirs instanceof HTMLInputElement) {
    field.placeholder = theirs.placeholder;
    if (!writes && field.value !== theirs.value) field.value = theirs.value;
  }
  for (const part of ["[data-fault]", "[data-locked]"]) {
    const [mine, said] = [own.querySelector(part), other.querySelector(part)];
    if (mine && said && mine.innerHTML !== said.innerHTML) mine.replaceChildren(...[...said.childNodes]);
  }
  fault(own, own.querySelector("[data-fault]")?.textContent ?? "");
  own.dispatchEvent(new Event("synced"));
}

/** Says at a control what is wrong with it. */
export function fault(control: HTMLElement, message: string): void {
  const place = control.querySelector<HTMLElement>("[data-fault]");
  if (place && place.textContent !== message) place.textContent = message;
  control.classList.toggle("at-fault", message !== "");
  const field = control.querySelector("[name]");
  if (message === "") field?.removeAttribute("aria-invalid");
  else field?.setAttribute("aria-invalid", "true");
  const group = control.closest<HTMLDetailsElement>("details.controls");
  if (message !== "" && group) group.open = true;
}
