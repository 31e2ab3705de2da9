// The editor of templates: the controls of parameters, each with a lock, in place of their JSON, and a picture of what
// comes of them. Without this script the JSON is edited as it is, and the picture is of what is stored.

import { fault, show as put } from "./controls";
import { find, refused } from "./live";
import { Result } from "./result";

type Value = string | number | boolean;
type Fields = Record<string, { value: Value | null; locked?: true }>;

const SOON_MS = 400;

/** What templates say, as switches say it. */
const SWITCH: Record<string, string> = { true: "1", false: "0" };

interface Row {
  /** Its name in templates. */
  name: string;
  control: HTMLElement;
  field: HTMLInputElement | HTMLSelectElement;
  lock: HTMLInputElement;
}

function rowsOf(form: HTMLElement): Row[] {
  return [...form.querySelectorAll<HTMLElement>("[data-field]")].map((control) => ({
    name: control.dataset["field"] ?? "",
    control,
    field: find<HTMLInputElement>(control, "[name]"),
    lock: find<HTMLInputElement>(control, "[data-lock]"),
  }));
}

/** A value as templates hold it: numbers and yes or no for themselves, all else as text. */
function typed({ control, field }: Row): Value | null {
  const text = field.value.trim();
  const { kind } = control.dataset;
  if (text === "") return null;
  if (kind === "switch") return text === "1";
  const numeric = kind === "number" || kind === "quality";
  return numeric && Number.isFinite(Number(text)) ? Number(text) : text;
}

function read(text: string): Fields | null {
  try {
    const fields: unknown = JSON.parse(text);
    return fields !== null && typeof fields === "object" && !Array.isArray(fields) ? (fields as Fields) : null;
  } catch {
    return null;
  }
}

/** Shows what the JSON says. */
function show(rows: Row[], fields: Fields): void {
  for (const { name, control, field, lock } of rows) {
    const said = fields[name] ?? fields[field.name];
    const text = String(said?.value ?? "");
    const word = control.dataset["kind"] === "switch" ? SWITCH[text.toLowerCase()] : undefined;
    put(control, word ?? text);
    lock.checked = said?.locked === true;
    const group = control.closest<HTMLDetailsElement>("details.controls");
    if (group && (text !== "" || lock.checked)) group.open = true;
  }
}

/** The JSON with what one control says; all else stays as it is written. */
function written(row: Row, before: Fields): Fields {
  const fields: Fields = { ...before };
  const value = typed(row);
  if (row.field.name !== row.name) delete fields[row.field.name];
  if (value === null && !row.lock.checked) delete fields[row.name];
  else fields[row.name] = row.lock.checked ? { value, locked: true } : { value };
  return fields;
}

/** The address of the picture that the controls make of an original; the second in a format that browsers show. */
function addresses(rows: Row[], src: string, side: string): [string, string] {
  const query = new URLSearchParams({ src, stats: "0" });
  // How it is sent does not show.
  const shown = rows.filter(({ field }) => field.value !== "" && !["expires", "attach", "stats"].includes(field.name));
  for (const { field } of shown) query.set(field.name, field.value);
  if (!query.has("width") && !query.has("height")) {
    query.set("width", side);
    query.set("height", side);
    if (!query.has("fit")) query.set("autosizefit", "1");
  }
  const other = new URLSearchParams(query);
  other.set("format", "auto");
  return [`/image?${query}`, `/image?${other}`];
}

/** Keeps the picture current; gives back what is to be called when something has changed. */
function drawing(place: HTMLElement, rows: Row[]): () => void {
  const [stage, facts] = [find(place, "[data-stage]"), find(place, "[data-facts]")];
  const [src, state] = [find<HTMLInputElement>(place, "[data-src]"), find(place, "[data-preview-state]")];
  const alert = find(place, "[data-preview-fault]");
  const result = new Result(stage, facts, (refusal) => {
    for (const { control } of rows) fault(control, "");
    refused(place, alert, refusal);
  });
  let timer = 0;
  const draw = (): void => {
    if (src.value === "") return;
    state.textContent = state.dataset["asEdited"] ?? "";
    void result.show(...addresses(rows, src.value, place.dataset["side"] ?? "900"));
  };
  const later = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(draw, SOON_MS);
  };
  src.addEventListener("change", later);
  src.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
  const stored = stage.querySelector<HTMLImageElement>("[data-preview]");
  // What is stored is said to be that.
  if (stored) void result.show(stored.src, stored.src);
  else draw();
  return later;
}

export function editing(place: HTMLElement): void {
  const fields = find<HTMLFormElement>(place, "form[data-fields]");
  const json = find<HTMLTextAreaElement>(place, "textarea[name=template]");
  const rows = rowsOf(fields);
  place.dataset["ready"] = "";
  const stored = read(json.value);
  if (!stored) return;
  let known = stored;
  fields.hidden = false;
  find<HTMLDetailsElement>(place, "[data-json]").open = false;
  // Where addresses have to be signed, the picture is of what is stored.
  const redraw = place.dataset["free"] === "true" ? drawing(place, rows) : () => undefined;
  const take = (event: Event): void => {
    const row = rows.find(({ control }) => event.target instanceof Node && control.contains(event.target));
    if (!row) return;
    known = written(row, known);
    json.value = JSON.stringify(known, null, 2);
    redraw();
  };
  for (const name of ["input", "change"]) fields.addEventListener(name, take);
  fields.addEventListener("submit", (event) => event.preventDefault());
  json.addEventListener("input", () => {
    const edited = read(json.value);
    if (!edited) return;
    known = edited;
    show(rows, known);
    redraw();
  });
}
