// The stretch of time that is shown, and what of the page follows it.

/** A moment as fields of times have it, in the visitor's zone. */
function local(moment: Date): string {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The fields of the stretch, which the page gives in UTC, and which are in the visitor's zone then. */
export class Stretch {
  private readonly fields = [...document.querySelectorAll<HTMLInputElement>("input[data-utc]")];

  constructor() {
    for (const note of document.querySelectorAll("[data-utc-note]")) note.remove();
    this.reset();
    this.fields[0]?.form?.addEventListener("formdata", ({ formData }) => {
      for (const { name, value } of this.fields) {
        const moment = new Date(value);
        if (!Number.isNaN(moment.getTime())) formData.set(name, moment.toISOString());
      }
    });
  }

  /** As the page has them. */
  reset(): void {
    for (const field of this.fields) this.show(field, new Date(`${field.defaultValue}Z`));
  }

  /** Seconds since 1970. */
  set(from: number, to: number): void {
    for (const field of this.fields) this.show(field, new Date((field.name === "from" ? from : to) * 1000));
  }

  private show(field: HTMLInputElement, moment: Date): void {
    if (!Number.isNaN(moment.getTime())) field.value = local(moment);
  }
}

/** The lines of a table and the addresses of its files, within a stretch. */
export class Followers {
  private readonly rows: { row: HTMLTableRowElement; from: number; to: number }[];
  private readonly files = [
    ...document.querySelectorAll<HTMLAnchorElement>('a[download][href*="/admin/statistics/"]'),
  ].map((link) => ({ link, whole: link.href }));

  /** Of the page's whole stretch, in seconds. */
  private readonly bounds: [number, number];

  constructor(
    private readonly stretch: Stretch,
    table: HTMLTableElement,
    stepS: number,
  ) {
    const whole = new URL(this.files[0]?.whole ?? location.href).searchParams;
    const bound = (name: string, otherwise: number) => Date.parse(whole.get(name) ?? "") / 1000 || otherwise;
    this.bounds = [bound("from", -Infinity), bound("to", Infinity)];
    this.rows = [...(table.tBodies[0]?.rows ?? [])].map((row) => {
      const from = Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000;
      return { row, from, to: from + Math.max(stepS, Number(row.dataset["length"]) || 0) };
    });
  }

  whole(): void {
    for (const { row } of this.rows) row.hidden = false;
    for (const { link, whole } of this.files) link.href = whole;
    this.stretch.reset();
  }

  /** What of these lies within; lines that are cut count whole. */
  part(from: number, to: number): void {
    const within = this.rows.filter((line) => line.from < to && line.to > from);
    for (const line of this.rows) line.row.hidden = !within.includes(line);
    const [least, most] = this.bounds;
    const first = Math.max(least, within.reduce((before, line) => Math.min(before, line.from), Math.floor(from)));
    const last = Math.min(most, within.reduce((after, line) => Math.max(after, line.to), Math.ceil(to)));
    for (const { link, whole } of this.files) {
      const url = new URL(whole);
      url.searchParams.set("from", new Date(first * 1000).toISOString());
      url.searchParams.set("to", new Date(last * 1000).toISOString());
      link.href = url.href;
    }
    this.stretch.set(first, last);
  }
}
