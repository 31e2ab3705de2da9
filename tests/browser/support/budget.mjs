// How light pages are: limits for every page that is looked at.

import { gzipSync } from "node:zlib";

const KB = 1024;

// What a page may load beside pictures and letters: bytes of gzip, and how many scripts and style sheets.
const USUAL = { html: 40 * KB, scripts: 45 * KB, styles: 16 * KB, all: 100 * KB, files: 6 };
const WITH_VIEWERS = { ...USUAL, scripts: 125 * KB, all: 150 * KB, files: 12 };
// A folder's page has a hundred pictures at most.
const FULL = { ...USUAL, all: 150 * KB };
const limitsOf = (name) => {
  if (/^(details|help-viewers)/.test(name)) return WITH_VIEWERS;
  return name === "browse-full" ? FULL : USUAL;
};

// The size of every file that was looked at before.
const known = new Map();

async function gzipped(page, address) {
  if (!known.has(address)) known.set(address, gzipSync(await (await page.request.get(address)).body()).length);
  return known.get(address);
}

const sum = (sizes) => sizes.reduce((all, size) => all + size, 0);

async function weights(page, response) {
  const entries = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const sizes = (kind) => {
    const files = [...new Set(entries)].filter((address) => new URL(address).pathname.endsWith(kind));
    return Promise.all(files.map((address) => gzipped(page, address)));
  };
  const [scripts, styles] = [await sizes(".js"), await sizes(".css")];
  const html = gzipSync(await response.body()).length;
  const found = { html, scripts: sum(scripts), styles: sum(styles), files: scripts.length + styles.length };
  return { ...found, all: found.html + found.scripts + found.styles };
}

// What is wrong with a page that has just come, in words.
export async function beyondBudget(page, name, response) {
  const limits = limitsOf(name);
  return Object.entries(await weights(page, response))
    .filter(([kind, found]) => found > limits[kind])
    .map(([kind, found]) => `${name}: ${kind}: ${found}, at most ${limits[kind]}`);
}
