// The numbers that stand in a table of the page, in the order of their times.

/** Columns that count something, the first ones. */
const COUNTS = 5;

/** The shortest that the last line is drawn, however short a while ago it began: the finest step of reports. */
const SHORTEST_S = 300;

export interface Table {
  /** Seconds since 1970. */
  times: number[];
  /** When the last line ends. */
  end: number;
  /** The numbers of each column, by its place; null where they are not known. */
  columns: (number | null)[][];
  /** The same as the table writes them; null where it has no line. */
  shown: (string | null)[][];
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
  shown: (string | null)[];
}

function linesOf(table: HTMLTableElement): Line[] {
  const line = (row: HTMLTableRowElement): Line => {
    const cells = [...row.cells].slice(1);
    return {
      time: Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000,
      lengthS: Number(row.dataset["length"]) || 0,
      values: cells.map(({ dataset }) => (dataset["value"] ? Number(dataset["value"]) : null)),
      shown: cells.map(({ textContent }) => textContent),
    };
  };
  const lines = [...(table.tBodies[0]?.rows ?? [])].map(line);
  return lines.filter(({ time }) => !Number.isNaN(time)).sort((a, b) => a.time - b.time);
}

/** When the last line ends: now, if its step is not over yet. */
function endOf({ time, lengthS }: Line, stepS: number): number {
  const length = Math.max(stepS, lengthS);
  return time + Math.min(length, Math.max(SHORTEST_S, Date.now() / 1000 - time));
}

export function tableOf(table: HTMLTableElement, stepS: number): Table {
  const heads = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent ?? "");
  // Where there is no line nothing was counted, and nothing took time.
  const blank = heads.slice(1).map((_, at) => (at < COUNTS ? 0 : null));
  const unsaid = blank.map(() => null);
  const all: Line[] = [];
  for (const line of linesOf(table)) {
    for (let last = all.at(-1); last; last = all.at(-1)) {
      // As long as the step, or as what was counted together.
      const next = last.time + Math.max(stepS, last.lengthS);
      if (next > line.time - stepS / 2) break;
      all.push({ time: next, lengthS: stepS, values: blank, shown: unsaid });
    }
    all.push(line);
  }
  const last = all.at(-1);
  return {
    times: all.map(({ time }) => time),
    end: last ? endOf(last, stepS) : 0,
    columns: blank.map((_, at) => all.map(({ values }) => values[at] ?? null)),
    shown: blank.map((_, at) => all.map(({ shown }) => shown[at] ?? null)),
    heads,
    stepS,
    isOne: all.length === 1,
  };
}
