// One chart: columns of a table, level over the time of each line.

import uPlot from "uplot";

import { APART, WHOLE, amount, times } from "./axes";
import type { Table } from "./table";

const HEIGHT = 220;
const SYNC = "reports";

const INKS: { stroke: string; dash?: number[]; width: number }[] = [
  { stroke: "--accent", width: 2 },
  { stroke: "--ink", width: 1.5 },
  { stroke: "--quiet", width: 1.5, dash: [5, 4] },
  { stroke: "--edge", width: 1.5, dash: [2, 3] },
];

/** A table's times as charts take them: level lines have a beginning, a middle to point at, and an end. */
function stepsOf({ times, end }: Table): number[] {
  return times.flatMap((time, at) => {
    // Before the next one begins.
    const until = (times[at + 1] ?? end) - 0.001;
    return [time, (time + until) / 2, until];
  });
}

/** The width that an element has for what is in it. */
function within(element: HTMLElement): number {
  const { paddingInlineStart, paddingInlineEnd } = getComputedStyle(element);
  return Math.floor(element.clientWidth - parseFloat(paddingInlineStart) - parseFloat(paddingInlineEnd));
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

/** Shows a stretch of time, in seconds; all of it when none is given. */
export type Zoom = (from?: number, to?: number) => void;

export class Chart {
  private readonly drawn: uPlot;
  /** The columns of the table that it shows. */
  private readonly columns: number[];
  private readonly unit: (value: number) => string;
  private readonly font = `12px ${getComputedStyle(document.body).fontFamily}`;

  constructor(
    private readonly figure: HTMLElement,
    private readonly table: Table,
    zoom: Zoom,
  ) {
    this.columns = (figure.dataset["columns"] ?? "").split(" ").map(Number);
    this.unit = amount(figure.dataset["unit"] ?? "");
    figure.hidden = false;
    this.drawn = new uPlot(this.options(zoom), this.data(), figure);
  }

  destroy(): void {
    this.drawn.destroy();
  }

  resize(): void {
    const width = within(this.figure);
    if (width > 0 && width !== this.drawn.width) this.drawn.setSize({ width, height: HEIGHT });
  }

  /** The stretch of time that is shown, in seconds. */
  get shown(): [number | undefined, number | undefined] {
    const { min, max } = this.drawn.scales["x"] ?? {};
    return [min ?? undefined, max ?? undefined];
  }

  show(min: number, max: number): void {
    this.drawn.setScale("x", { min, max });
  }

  private data(): uPlot.AlignedData {
    const columns = this.columns.map((at) => this.table.columns[at - 1] ?? []);
    return [stepsOf(this.table), ...columns.map((column) => column.flatMap((value) => [value, value, value]))];
  }

  /** The line of the table of a place in the data; where there is but one, that one without being pointed at. */
  private lineAt(place: number | null | undefined): number {
    if (place != null) return Math.floor(place / 3);
    return this.table.isOne ? 0 : -1;
  }

  private options(zoom: Zoom): uPlot.Options {
    const { stepS, isOne, times: moments } = this.table;
    const isShare = this.figure.dataset["unit"] === "percent";
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--quiet"), grid, ticks: grid, font: this.font };
    // Values are written above lines.
    const room = isOne ? 1.3 : 1.08;
    return {
      width: Math.max(200, within(this.figure)),
      height: HEIGHT,
      cursor: {
        sync: { key: SYNC, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        // The middle of the line of the table that is pointed at.
        dataIdx: (_, __, ___, at) => {
          const after = moments.findIndex((time) => time > at);
          return 3 * Math.max(0, (after < 0 ? moments.length : after) - 1) + 1;
        },
        bind: { dblclick: () => () => (zoom(), null) },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { range: (_, min, max) => [min, max > min ? max : min + stepS] },
        y: { range: (_, __, max) => [0, isShare ? 100 : max > 0 ? max * room : 1] },
      },
      axes: [
        { ...axis, space: 70, incrs: APART, values: (_, values, __, ___, apart) => times(values, apart) },
        { ...axis, size: 64, incrs: WHOLE, values: (_, values) => values.map(this.unit) },
      ],
      series: [this.moments(), ...this.columns.map((at, place) => this.series(at, place))],
      hooks: {
        draw: [(chart) => isOne && this.values(chart)],
        setSelect: [
          (chart) => {
            const { left, width } = chart.select;
            if (width < 4) return;
            zoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    };
  }

  private moments(): uPlot.Series {
    const when = new Intl.DateTimeFormat(navigator.languages as string[], { dateStyle: "medium", timeStyle: "short" });
    return {
      value: (_, __, ___, place) => {
        const value = this.table.times[this.lineAt(place)];
        return value === undefined ? "–" : when.format(new Date(value * 1000));
      },
    };
  }

  private series(at: number, place: number): uPlot.Series {
    const pen = INKS[place] ?? { stroke: "--ink", width: 1.5 };
    const series: uPlot.Series = {
      label: this.table.heads[at] ?? "",
      stroke: colour(pen.stroke),
      width: pen.width,
      points: { show: false },
      value: (_, __, ___, place) => this.told(at, this.lineAt(place)),
    };
    if (pen.dash) series.dash = pen.dash;
    if (place === 0) series.fill = colour("--accent-wash");
    return series;
  }

  /** A number as the table writes it, so that nobody reads it rounded in two ways. */
  private told(column: number, line: number): string {
    const value = this.table.columns[column - 1]?.[line];
    return this.table.shown[column - 1]?.[line] ?? (value == null ? "–" : this.unit(value));
  }

  /** Writes the values above lines that are level throughout; not over each other. */
  private values(chart: uPlot): void {
    const { ctx } = chart;
    const { pxRatio } = uPlot;
    const written: number[] = [];
    ctx.save();
    ctx.font = this.font.replace(/^[\d.]+/, (size) => String(Number(size) * pxRatio));
    ctx.fillStyle = colour("--ink");
    ctx.textBaseline = "bottom";
    ctx.textAlign = "center";
    for (const [at, values] of chart.data.slice(1).entries()) {
      const value = values[0];
      if (value == null) continue;
      const [x, y] = [chart.valToPos(chart.data[0][1] ?? 0, "x", true), chart.valToPos(value, "y", true)];
      if (written.some((other) => Math.abs(other - y) < 16 * pxRatio)) continue;
      ctx.fillText(this.told(this.columns[at] ?? 0, 0), x, y - 4 * pxRatio);
      written.push(y);
    }
    ctx.restore();
  }
}
