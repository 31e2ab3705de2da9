// Charts of the numbers that stand in a table of the page, all over one stretch of time: it can be zoomed into
// by dragging, and by buttons. What was counted in a line of the table is drawn level over the line's time. The table, the files to save and the fields of the stretch follow. Without this script
// there is the table, and the fields are in UTC.

import uPlot from "uplot";

import { language } from "./page";

const HEIGHT = 220;
const SYNC = "reports";

/** Columns that count something, the first ones. */
const COUNTS = 5;

interface Table {
  /** Seconds since 1970. */
  times: number[];
  /** When the last line ends. */
  end: number;
  /** The numbers of each column, by its place; null where they are not known. */
  columns: (number | null)[][];
  heads: string[];
}

interface Line {
  time: number;
  lengthS: number;
  values: (number | null)[];
}

function linesOf(table: HTMLTableElement): Line[] {
  const line = (row: HTMLTableRowElement): Line => ({
    time: Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000,
    lengthS: Number(row.dataset["length"]) || 0,
    values: [...row.cells]
      .slice(1)
      .map(({ dataset }) => (dataset["value"] ? Number(dataset["value"]) : null)),
  });
  const lines = [...(table.tBodies[0]?.rows ?? [])].map(line);
  return lines.filter(({ time }) => !Number.isNaN(time)).sort((a, b) => a.time - b.time);
}

function tableOf(table: HTMLTableElement, stepS: number): Table {
  const heads = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent ?? "");
  // Where there is no line nothing was counted, and nothing took time.
  const blank = heads.slice(1).map((_, at) => (at < COUNTS ? 0 : null));
  const all: Line[] = [];
  for (const line of linesOf(table)) {
    for (let last = all.at(-1); last; last = all.at(-1)) {
      // As long as the step, or as what was counted together.
      const next = last.time + Math.max(stepS, last.lengthS);
      if (next > line.time - stepS / 2) break;
      all.push({ time: next, lengthS: stepS, values: blank });
    }
    all.push(line);
  }
  const last = all.at(-1);
  return {
    times: all.map(({ time }) => time),
    end: last ? last.time + Math.max(stepS, last.lengthS) : 0,
    columns: blank.map((_, at) => all.map(({ values }) => values[at] ?? null)),
    heads,
  };
}

/** A table's times as charts take them: level lines have a beginning, a middle to point at, and an end. */
function stepsOf({ times, end }: Table): number[] {
  return times.flatMap((time, at) => {
    // Before the next one begins.
    const until = (times[at + 1] ?? end) - 0.001;
    return [time, (time + until) / 2, until];
  });
}

/** A colour of the page as canvases take it. */
function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function amount(unit: string): (value: number) => string {
  const plain = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  switch (unit) {
    case "bytes":
      return (value) => {
        const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
        const shown = (value / 1000 ** power).toLocaleString(language, { maximumFractionDigits: 1 });
        return `${shown} ${["B", "kB", "MB", "GB", "TB"][power]}`;
      };
    case "ms":
      return (value) => (value >= 1000 ? `${plain.format(value / 1000)} s` : `${plain.format(value)} ms`);
    case "percent":
      return (value) => (value / 100).toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
    default:
      return (value) => plain.format(value);
  }
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const [MONTH, YEAR] = [30 * DAY, 365 * DAY];

/** How far apart ticks of the time axis stand, in seconds: no nearer than labels can tell. */
const APART = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((count) => count * HOUR),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15].map((count) => count * DAY),
  ...[1, 2, 3, 4, 6].map((count) => count * MONTH),
  ...[1, 2, 5, 10, 25, 50, 100].map((count) => count * YEAR),
];

/** The same for the other axis: whole numbers, since a half of a request says nothing. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/**
 * Ticks of the time axis: the clock, the day, the month or the year, by how far apart they are; what these lie in
 * stands below where another one begins.
 */
function times(values: number[], apartS: number): string[] {
  const as = (form: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(navigator.languages as string[], form);
  const year = as({ year: "numeric" });
  let own = as({ hour: "2-digit", minute: "2-digit" });
  let around: Intl.DateTimeFormat | null = as({ day: "numeric", month: "short" });
  if (apartS >= YEAR) [own, around] = [year, null];
  else if (apartS >= MONTH) [own, around] = [as({ month: "short" }), year];
  else if (apartS >= DAY) [own, around] = [around, year];
  let last = "";
  return values.map((value) => {
    const moment = new Date(value * 1000);
    const told = around?.format(moment) ?? "";
    const text = told === last ? own.format(moment) : `${own.format(moment)}\n${told}`;
    last = told;
    return text;
  });
}

/** A moment as fields of times have it, in the visitor's zone. */
function local(moment: Date): string {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The fields of the stretch, which the page gives in UTC, and which are in the visitor's zone then. */
class Stretch {
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
class Followers {
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

const INKS: { stroke: string; dash?: number[]; width: number }[] = [
  { stroke: "--accent", width: 2 },
  { stroke: "--ink", width: 1.5 },
  { stroke: "--quiet", width: 1.5, dash: [5, 4] },
  { stroke: "--edge", width: 1.5, dash: [2, 3] },
];

/** The width that an element has for what is in it. */
function within(element: HTMLElement): number {
  const { paddingInlineStart, paddingInlineEnd } = getComputedStyle(element);
  return Math.floor(element.clientWidth - parseFloat(paddingInlineStart) - parseFloat(paddingInlineEnd));
}

class Charts {
  private charts: uPlot[] = [];
  private readonly table: Table;
  private readonly range: [number, number];
  /** The beginning, the middle and the end of each line of the table. */
  private readonly steps: number[];
  private readonly finer: HTMLAnchorElement;
  private readonly followers: Followers;

  constructor(private readonly place: HTMLElement, table: HTMLTableElement, stretch: Stretch) {
    const stepS = Number(place.dataset["step"]) || 3600;
    this.table = tableOf(table, stepS);
    this.followers = new Followers(stretch, table, stepS);
    const [first = 0] = this.table.times;
    this.range = [first, this.table.end];
    this.steps = stepsOf(this.table);
    this.finer = document.createElement("a");
    this.tools();
    this.draw();
    new ResizeObserver(() => this.resize()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Whether the table has one line: its values are told without being pointed at. */
  private get isOne(): boolean {
    return this.table.times.length === 1;
  }

  /** The line of the table of a place in the data. */
  private lineAt(place: number | null | undefined): number | null {
    if (place != null) return Math.floor(place / 3);
    return this.isOne ? 0 : null;
  }

  private draw(): void {
    for (const chart of this.charts) chart.destroy();
    this.charts = [...this.place.querySelectorAll<HTMLElement>("figure.chart")].map((figure) => {
      figure.hidden = false;
      return new uPlot(this.options(figure), this.data(figure), figure);
    });
    this.zoom(...this.range);
  }

  private columns(figure: HTMLElement): number[] {
    return (figure.dataset["columns"] ?? "").split(" ").map(Number);
  }

  private data(figure: HTMLElement): uPlot.AlignedData {
    const columns = this.columns(figure).map((at) => this.table.columns[at - 1] ?? []);
    return [this.steps, ...columns.map((column) => column.flatMap((value) => [value, value, value]))];
  }

  private options(figure: HTMLElement): uPlot.Options {
    const unit = amount(figure.dataset["unit"] ?? "");
    const isShare = figure.dataset["unit"] === "percent";
    const [ink, line, step] = [colour("--quiet"), colour("--line"), Number(this.place.dataset["step"])];
    // Values are written above lines.
    const room = this.isOne ? 1.3 : 1.08;
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const when = new Intl.DateTimeFormat(navigator.languages as string[], { dateStyle: "medium", timeStyle: "short" });
    return {
      width: Math.max(200, within(figure)),
      height: HEIGHT,
      cursor: {
        sync: { key: SYNC, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        // The middle of the line of the table that is pointed at.
        dataIdx: (_, __, ___, at) => {
          const after = this.table.times.findIndex((time) => time > at);
          return 3 * Math.max(0, (after < 0 ? this.table.times.length : after) - 1) + 1;
        },
        bind: { dblclick: () => () => (this.zoom(...this.range), null) },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { range: (_, min, max) => [min, max > min ? max : min + step] },
        y: { range: (_, __, max) => [0, isShare ? 100 : max > 0 ? max * room : 1] },
      },
      axes: [
        { ...axis, font, space: 70, incrs: APART, values: (_, values, __, ___, apart) => times(values, apart) },
        { ...axis, font, size: 64, incrs: WHOLE, values: (_, values) => values.map(unit) },
      ],
      series: [
        {
          value: (_, __, ___, place) => {
            const value = this.table.times[this.lineAt(place) ?? -1];
            return value === undefined ? "–" : when.format(new Date(value * 1000));
          },
        },
        ...this.columns(figure).map((at, place): uPlot.Series => {
          const pen = INKS[place] ?? { stroke: "--ink", width: 1.5 };
          const series: uPlot.Series = {
            label: this.table.heads[at] ?? "",
            stroke: colour(pen.stroke),
            width: pen.width,
            points: { show: false },
            value: (_, __, ___, place) => {
              const value = this.table.columns[at - 1]?.[this.lineAt(place) ?? -1];
              return value == null ? "–" : unit(value);
            },
          };
          if (pen.dash) series.dash = pen.dash;
          if (place === 0) series.fill = colour("--accent-wash");
          return series;
        }),
      ],
      hooks: {
        draw: [(chart) => this.isOne && this.values(chart, unit, font)],
        setSelect: [
          (chart) => {
            const { left, width } = chart.select;
            if (width < 4) return;
            this.zoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    };
  }

  /** Writes the values above the lines of a chart that are level throughout; not over each other. */
  private values(chart: uPlot, unit: (value: number) => string, font: string): void {
    const { ctx } = chart;
    const { pxRatio } = uPlot;
    const written: number[] = [];
    ctx.save();
    ctx.font = font.replace(/^[\d.]+/, (size) => String(Number(size) * pxRatio));
    ctx.fillStyle = colour("--ink");
    ctx.textBaseline = "bottom";
    ctx.textAlign = "center";
    for (const values of chart.data.slice(1)) {
      const value = values[0];
      if (value == null) continue;
      const [x, y] = [chart.valToPos(chart.data[0][1] ?? 0, "x", true), chart.valToPos(value, "y", true)];
      if (written.some((other) => Math.abs(other - y) < 16 * pxRatio)) continue;
      ctx.fillText(unit(value), x, y - 4 * pxRatio);
      written.push(y);
    }
    ctx.restore();
  }

  private resize(): void {
    for (const chart of this.charts) {
      const width = chart.root.parentElement ? within(chart.root.parentElement) : 0;
      if (width > 0 && width !== chart.width) chart.setSize({ width, height: HEIGHT });
    }
  }

  /** All charts show the same stretch of time, which never leaves that of the page. */
  private zoom(from: number, to: number): void {
    const [first, last] = this.range;
    const length = Math.min(Math.max(to - from, 60), last - first);
    const min = Math.min(Math.max(from, first), last - length);
    for (const chart of this.charts) chart.setScale("x", { min, max: min + length });
    const whole = length >= last - first;
    const text = (seconds: number) => encodeURIComponent(new Date(seconds * 1000).toISOString());
    this.finer.href = `${this.place.dataset["base"] ?? "?"}from=${text(min)}&to=${text(min + length)}`;
    this.finer.hidden = whole;
    if (whole) this.followers.whole();
    else this.followers.part(min, min + length);
  }

  private shown(): [number, number] {
    const { min, max } = this.charts[0]?.scales["x"] ?? {};
    return [min ?? this.range[0], max ?? this.range[1]];
  }

  /** Zooms by a factor and moves by a share of what is shown. */
  private step(factor: number, by: number): void {
    const [min, max] = this.shown();
    const [centre, half] = [(min + max) / 2 + by * (max - min), ((max - min) / 2) * factor];
    this.zoom(centre - half, centre + half);
  }

  private tools(): void {
    const bar = document.createElement("div");
    bar.className = "line chart-tools";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", this.place.dataset["tools"] ?? "");
    const actions: [string, string, () => void][] = [
      ["earlier", "←", () => this.step(1, -0.5)],
      ["later", "→", () => this.step(1, 0.5)],
      ["in", "+", () => this.step(0.5, 0)],
      ["out", "−", () => this.step(2, 0)],
      ["all", "", () => this.zoom(...this.range)],
    ];
    for (const [name, sign, act] of actions) {
      const button = document.createElement("button");
      const text = this.place.dataset[name] ?? name;
      button.type = "button";
      button.className = sign === "" ? "button" : "button icon";
      button.textContent = sign === "" ? text : sign;
      if (sign !== "") button.setAttribute("aria-label", text);
      button.addEventListener("click", act);
      bar.append(button);
    }
    this.finer.className = "button";
    this.finer.hidden = true;
    this.finer.textContent = this.place.dataset["finer"] ?? "";
    bar.append(this.finer);
    this.place.prepend(bar);
    if (!this.isOne) return;
    const note = document.createElement("p");
    note.className = "quiet small chart-note";
    note.textContent = this.place.dataset["one"] ?? "";
    bar.after(note);
  }
}

const stretch = new Stretch();
for (const place of document.querySelectorAll<HTMLElement>("[data-charts]")) {
  const table = document.getElementById(place.dataset["charts"] ?? "");
  if (table instanceof HTMLTableElement) new Charts(place, table, stretch);
}
