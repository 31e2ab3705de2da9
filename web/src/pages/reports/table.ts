// The numbers that stand in a table of the page, in the order of their times.

/** Columns that count something, the first ones. */
const COUNTS = 5;

export interface Table {
  /** Seconds since 1970. */
  times: number[];
  /** When the last line ends. */
  end: number;
  /** The numbers of each column, by its place; null where they are not known. */
  columns: (number | null)[][];
  heads: string[];
  /** How long a line is that says nothing of it. */
  stepS: number;
  /** Whether there is one line: its values are told without being pointed at. */
  isOne: boolean;
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

export function tableOf(table: HTMLTableElement, stepS: number): Table {
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
    stepS,
    isOne: all.length === 1,
  };
}
