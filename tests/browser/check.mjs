// A browser's view of a running `halftone serve`.
//
//   node check.mjs BASE_URL PROFILE_DIR
//
// Fails when the home page does not load, shows no pictures or a broken one, logs an error, asks any
// other server for anything, or when a picture made on demand does not have the size that its URL says.

import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { chromium } from "playwright-core";
import { TIMEOUT_MS } from "./support/wait.mjs";

const [base, profile] = process.argv.slice(2);
if (!base || !profile) {
  console.error("usage: node check.mjs BASE_URL PROFILE_DIR");
  process.exit(2);
}

async function checkHome(page) {
  const response = await page.goto(base + "/", { waitUntil: "load", timeout: TIMEOUT_MS });
  assert.equal(response.status(), 200, "the home page");
  assert.notEqual(await page.title(), "", "the home page has a title");
  // Lazy pictures load when they come into view.
  await page.evaluate(() => {
    for (const image of document.images) image.loading = "eager";
  });
  await page.waitForFunction(
    () => [...document.images].every((image) => image.complete),
    null,
    { timeout: TIMEOUT_MS },
  );
  const pictures = await page.evaluate(() =>
    [...document.images].map((image) => ({ src: image.src, width: image.naturalWidth })),
  );
  assert.ok(pictures.length > 0, "the home page shows pictures");
  for (const { src, width } of pictures) assert.ok(width > 0, `${src} is broken`);
  return pictures;
}

// The sources of the demo library or of whatever else is served, from the home page's own pictures.
function sources(pictures) {
  const found = pictures
    .map(({ src }) => new URL(src).searchParams.get("src"))
    .filter((source) => source !== null);
  assert.ok(found.length > 0, "pictures of the home page are made by /image?src=…");
  return [...new Set(found)];
}

async function checkPicture(page, source, width) {
  const url = `${base}/image?src=${encodeURIComponent(source)}&width=${width}`;
  const response = await page.goto(url, { waitUntil: "load", timeout: TIMEOUT_MS });
  assert.equal(response.status(), 200, url);
  assert.match(response.headers()["content-type"], /^image\//, url);
  const shown = await page.evaluate(() => document.images[0]?.naturalWidth);
  assert.equal(shown, width, url);
}

async function checkError(page) {
  const response = await page.goto(`${base}/image?src=no/such/picture.jpg`, {
    timeout: TIMEOUT_MS,
  });
  assert.equal(response.status(), 404, "a picture that does not exist");
  assert.match(response.headers()["content-type"], /^text\/html/, "an error page");
}

rmSync(profile, { recursive: true, force: true });
mkdirSync(profile, { recursive: true });
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  headless: true,
  timeout: TIMEOUT_MS,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== new URL(base).origin) {
      problems.push(`asked another server: ${url}`);
    }
  });
  page.on("response", (response) => {
    // Browsers ask for this one by themselves.
    if (response.status() >= 400 && !response.url().endsWith("/favicon.ico")) {
      problems.push(`${response.status()}: ${response.url()}`);
    }
  });
  const pictures = await checkHome(page);
  const all = sources(pictures);
  for (const source of all) await checkPicture(page, source, 400);
  await checkPicture(page, all[0], 123);
  assert.deepEqual(problems, []);
  await checkError(page);
  console.log(`browser: ${pictures.length} pictures on the home page, ${all.length} sources`);
} finally {
  await browser.close();
}
