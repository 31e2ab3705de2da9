// How light pages are, and how calmly they come: limits for every page that is looked at.

import { gzipSync } from "node:zlib";

const KB = 1024;

// What a page may load beside pictures and letters: bytes of gzip, and how many scripts and style sheets.
const USUAL = { html: 40 * KB, scripts: 45 * KB, styles: 16 * KB, all: 100 * KB, files: 6 };
const WITH_VIEWERS = { ...USUAL, scripts: 120 * KB, all: 150 * KB, files: 12 };
const limitsOf = (name) => (/^(details|help-viewers)/.test(name) ? WITH_VIEWERS : USUAL);

// The part of the view that may move while a page comes, as the sum that Cumulative Layout Shift is.
const MOST_SHIFT = 0.1;

// Notes what moves, what is the largest thing that is painted, and when the page has come; runs in it before its own
// scripts. What parts that keep themselves current do later does not count.
export function notePaints() {
  window.shifts = [];
  window.largest = null;
  window.came = null;
  const come = () => (window.came ??= performance.now());
  const frame = () => new Promise(requestAnimationFrame);
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
    .observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1)))
    .observe({ type: "largest-contentful-paint", buffered: true });
  addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("[data-live]")) {
      new MutationObserver(come).observe(part, { childList: true });
    }
  });
  addEventListener("load", () => frame().then(frame).then(come));
}

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
  const faults = Object.entries(await weights(page, response))
    .filter(([kind, found]) => found > limits[kind])
    .map(([kind, found]) => `${name}: ${kind}: ${found}, at most ${limits[kind]}`);
  const paints = await page.waitForFunction(() => {
    const { came, largest, shifts } = window;
    const counted = shifts.filter(({ startTime, hadRecentInput }) => startTime < came && !hadRecentInput);
    const shift = counted.reduce((all, { value }) => all + value, 0);
    // What has left the page since is in none.
    return came && largest && { shift, apart: largest.element ? !largest.element.closest("main") : false };
  });
  const { shift, apart } = await paints.jsonValue();
  if (shift > MOST_SHIFT) faults.push(`${name}: ${shift} of the view moved while it came`);
  if (apart) faults.push(`${name}: the largest thing that is painted is not what the page is about`);
  return faults;
}
