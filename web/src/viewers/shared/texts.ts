// The words that viewers show or tell: those of web/text/en/viewers.ftl, and over them those that the page says itself,
// in `<script type="application/json" data-halftone-texts>`. One with a `lang` holds in elements of that language alone.

import ENGLISH from "../../../text/en/viewers.ftl";

type Words = Record<string, string>;

// Tells a text, in which `{name}` is replaced by what is given under that name.
export type Say = (key: string, given?: Record<string, string | number>) => string;

// How exactly words in a language suit an element in another: not at all below 0.
function suits(words: string, element: string): number {
  return words === "" || element === words || element.startsWith(`${words}-`) ? words.length : -1;
}

function wordsIn(block: Element): Words {
  try {
    const all: [string, unknown][] = Object.entries(JSON.parse(block.textContent ?? "") as object);
    return Object.fromEntries(all.filter((pair): pair is [string, string] => typeof pair[1] === "string"));
  } catch (error) {
    console.error("data-halftone-texts:", error);
    return {};
  }
}

// The words for what is shown in an element.
export function textsFor(element: Element): Say {
  const around = element.closest("[lang]") ?? document.documentElement;
  const language = (around.getAttribute("lang") ?? "").toLowerCase();
  const blocks = [...document.querySelectorAll("script[data-halftone-texts]")]
    .map((block) => ({ block, rank: suits((block.getAttribute("lang") ?? "").toLowerCase(), language) }))
    .filter(({ rank }) => rank >= 0)
    .sort((one, other) => one.rank - other.rank);
  const words: Words = Object.assign({}, ENGLISH, ...blocks.map(({ block }) => wordsIn(block)));
  return (key, given = {}) =>
    (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(given[name] ?? whole));
}

// The text of a key for what may have a title.
export function titled(say: Say, key: string, title: string | null | undefined): string {
  return title ? say(key, { title }) : say(`${key}-untitled`);
}
