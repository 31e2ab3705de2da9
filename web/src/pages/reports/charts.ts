// All charts of a table: they show the same stretch of time, which is zoomed by dragging and by buttons.

import { Chart } from "./chart";
import { Followers, type Stretch } from "./stretch";
import { type Table, tableOf } from "./table";

export class Charts {
  private charts: Chart[] = [];
  private readonly table: Table;
  private readonly range: [number, number];
  private readonly finer = document.createElement("a");
  private readonly followers: Followers;

  constructor(
    private readonly place: HTMLElement,
    table: HTMLTableElement,
    stretch: Stretch,
  ) {
    const stepS = Number(place.dataset["step"]) || 3600;
    this.table = tableOf(table, stepS);
    this.followers = new Followers(stretch, table, stepS);
    const [first = 0] = this.table.times;
    this.range = [first, this.table.end];
    this.tools();
    this.draw();
    new ResizeObserver(() => {
      for (const chart of this.charts) chart.resize();
    }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  private draw(): void {
    for (const chart of this.charts) chart.destroy();
    const zoom = (from?: number, to?: number): void => this.zoom(from, to);
    const figures = [...this.place.querySelectorAll<HTMLElement>("figure.chart")];
    this.charts = figures.map((figure) => new Chart(figure, this.table, zoom));
    this.zoom();
  }

  /** The stretch never leaves that of the page, which is shown when none is given. */
  private zoom(from = this.range[0], to = this.range[1]): void {
    const [first, last] = this.range;
    const length = Math.min(Math.max(to - from, 60), last - first);
    const min = Math.min(Math.max(from, first), last - length);
    for (const chart of this.charts) chart.show(min, min + length);
    const whole = length >= last - first;
    const text = (seconds: number) => encodeURIComponent(new Date(seconds * 1000).toISOString());
    this.finer.href = `${this.place.dataset["base"] ?? "?"}from=${text(min)}&to=${text(min + length)}`;
    this.finer.hidden = whole;
    if (whole) this.followers.whole();
    else this.followers.part(min, min + length);
  }

  /** Zooms by a factor and moves by a share of what is shown. */
  private step(factor: number, by: number): void {
    const [min = this.range[0], max = this.range[1]] = this.charts[0]?.shown ?? [];
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
      ["all", "", () => this.zoom()],
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
    if (!this.table.isOne) return;
    const note = document.createElement("p");
    note.className = "quiet small chart-note";
    note.textContent = this.place.dataset["one"] ?? "";
    bar.after(note);
  }
}
