// How the axes of charts are parted and written.

import { language } from "../page";

export function amount(unit: string): (value: number) => string {
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
export const APART = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((count) => count * HOUR),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15].map((count) => count * DAY),
  ...[1, 2, 3, 4, 6].map((count) => count * MONTH),
  ...[1, 2, 5, 10, 25, 50, 100].map((count) => count * YEAR),
];

/** The same for the other axis: whole numbers, since a half of a request says nothing. */
export const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/**
 * Ticks of the time axis: the clock, the day, the month or the year, by how far apart they are; what these lie in
 * stands below where another one begins.
 */
export function times(values: number[], apartS: number): string[] {
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
