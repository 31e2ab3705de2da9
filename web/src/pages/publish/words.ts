// The words of a page's scripts, which stand at an element of it; and ways of writing numbers.

import { filled, language } from "../page";

let said: DOMStringMap = {};

export function learn(place: HTMLElement): void {
  said = place.dataset;
}

/** A text; `{name}` in it is replaced. */
export function text(key: string, name = ""): string {
  const found = said[`word${key.charAt(0).toUpperCase()}${key.slice(1)}`] ?? key;
  return filled(found, { name });
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** A length of a file as it is read. */
export function bytes(length: number): string {
  let [value, at] = [length, 0];
  while (value >= 999.5 && at + 1 < UNITS.length) [value, at] = [value / 1000, at + 1];
  const form: Intl.NumberFormatOptions = { style: "unit", unit: UNITS[at], unitDisplay: at === 0 ? "long" : "short" };
  return value.toLocaleString(language, { ...form, maximumFractionDigits: at > 0 && value < 99.95 ? 1 : 0 });
}

export const number = (value: number): string => value.toLocaleString(language);

/** A share as it is read. */
export const percent = (value: number): string =>
  value.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });

/** A number without superfluous digits, as addresses hold it. */
export const decimal = (value: number): string => String(Math.round(value * 1e5) / 1e5);
