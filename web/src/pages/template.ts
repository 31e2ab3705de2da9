// The editor of templates: a field and a lock for every parameter in place of their JSON, and a picture of
// what comes of them. Without this script the JSON is edited as it is, and the picture is of what is stored.

type Value = string | number | boolean;
type Fields = Record<string, { value: Value | null; locked?: true }>;

const SOON_MS = 400;

interface Row {
  name: string;
  url: string;
  value: HTMLInputElement | HTMLSelectElement;
  lock: HTMLInputElement;
}

function rowsOf(form: HTMLFormElement): Row[] {
  return [...form.querySelectorAll<HTMLElement>("[data-param]")].flatMap((place) => {
    const value = place.querySelector<HTMLInputElement | HTMLSelectElement>("[data-value]");
    const lock = place.querySelector<HTMLInputElement>("[data-lock]");
    const { param: name, url } = place.dataset;
    return value && lock && name ? [{ name, url: url ?? "", value, lock }] : [];
  });
}

/** A value as templates hold it: numbers and yes or no for themselves, all else as text. */
function typed(text: string, field: HTMLInputElement | HTMLSelectElement): Value {
  if (field instanceof HTMLInputElement && field.type === "number") return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text;
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
  for (const row of rows) {
    const field = fields[row.name] ?? (row.url === "" ? undefined : fields[row.url]);
    row.value.value = field?.value === null || field?.value === undefined ? "" : String(field.value);
    row.lock.checked = field?.locked === true;
  }
}

/** The JSON that the fields say; what no field is there for stays. */
function written(rows: Row[], before: Fields): Fields {
  const fields: Fields = { ...before };
  for (const row of rows) {
    if (row.url !== row.name) delete fields[row.url];
    const value = row.value.value === "" ? null : typed(row.value.value, row.value);
    if (value === null && !row.lock.checked) delete fields[row.name];
    else fields[row.name] = row.lock.checked ? { value, locked: true } : { value };
  }
  return fields;
}

interface Preview {
  image: HTMLImageElement;
  src: HTMLInputElement;
  state: HTMLElement;
}

function previewOf(): Preview | null {
  const image = document.querySelector<HTMLImageElement>("[data-preview]");
  const src = document.querySelector<HTMLInputElement>("[data-src]");
  const state = document.querySelector<HTMLElement>("[data-preview-state]");
  return image && src && state ? { image, src, state } : null;
}

/** The address of the picture that the fields make of an original. */
function address(form: HTMLFormElement, rows: Row[], src: string): string {
  const query = new URLSearchParams({ src, stats: "0" });
  for (const row of rows) {
    if (row.url !== "" && row.url !== "expires" && row.url !== "attach" && row.value.value !== "") {
      query.set(row.url, row.value.value);
    }
  }
  if (!query.has("width") && !query.has("height")) {
    const side = form.dataset["side"] ?? "900";
    query.set("width", side);
    query.set("height", side);
    if (!query.has("fit")) query.set("autosizefit", "1");
  }
  return `/image?${query}`;
}

function watch(form: HTMLFormElement, rows: Row[], preview: Preview): () => void {
  const { image, src, state } = preview;
  let timer = 0;
  image.addEventListener("load", () => {
    image.hidden = false;
    state.textContent = state.dataset["asEdited"] ?? "";
  });
  image.addEventListener("error", () => {
    image.hidden = true;
    state.textContent = state.dataset["fails"] ?? "";
  });
  const draw = (): void => {
    if (src.value === "") return;
    const next = address(form, rows, src.value);
    if (image.getAttribute("src") !== next) image.src = next;
  };
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(draw, SOON_MS);
  };
}

export function editing(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-template]");
  const json = form?.querySelector<HTMLTextAreaElement>("textarea[name=template]");
  const fields = form?.querySelector<HTMLElement>("[data-fields]");
  if (!form || !json || !fields) return;
  form.dataset["ready"] = "";
  const rows = rowsOf(form);
  const stored = read(json.value);
  if (!stored) return;
  let known = stored;
  show(rows, known);
  fields.hidden = false;
  form.querySelector<HTMLDetailsElement>("[data-json]")?.removeAttribute("open");
  const preview = form.dataset["free"] === "true" ? previewOf() : null;
  const redraw = preview ? watch(form, rows, preview) : () => undefined;
  fields.addEventListener("input", () => {
    known = written(rows, known);
    json.value = JSON.stringify(known, null, 2);
    redraw();
  });
  json.addEventListener("input", () => {
    const edited = read(json.value);
    if (!edited) return;
    known = edited;
    show(rows, known);
    redraw();
  });
  preview?.src.addEventListener("change", redraw);
  if (preview && !preview.image.getAttribute("src")) redraw();
}
