// What tests of viewers share: a browser, a site of another origin with the test's own pages, and questions
// to the server.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { frames, still, TIMEOUT_MS, until } from "../support/wait.mjs";

export { insist, placeOf, still, until } from "../support/wait.mjs";

const [base, screenshots] = process.argv.slice(2);
const password = process.env.HALFTONE_ADMIN_PASSWORD;
if (!base || !screenshots || !password) {
  console.error("usage: HALFTONE_ADMIN_PASSWORD=… node viewers.mjs BASE_URL SCREENSHOTS_DIR");
  process.exit(2);
}
mkdirSync(screenshots, { recursive: true });

export const BASE = base;
export const CITY = `${base}/image?src=scenes/city.jpg`;
export const SCENES = ["city", "meadow", "mountains", "seashore", "still-life"];
export const SIZES = [
  ["desktop", { width: 1280, height: 800 }],
  ["phone", { width: 390, height: 844 }],
];

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  headless: true,
  timeout: TIMEOUT_MS,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});

// The other site: every page by its number.
const pages = [];
const site = createServer((request, response) => {
  const text = pages[Number(request.url.slice(1))];
  response.writeHead(text === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
  response.end(text ?? "");
});
await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${site.address().port}`;

after(async () => {
  await browser.close();
  site.close();
});

const script = (name) => `<script src="${base}/static/${name}"></script>`;
const style = (name) => `<link href="${base}/static/${name}" rel="stylesheet">`;

// The head of a page: style sheets first, as the guides say.
export function head(...names) {
  const made = names.map((name) => (name.endsWith(".css") ? style(name) : script(name)));
  return made.join("\n");
}

// The pictures that each page has asked for and not yet got.
const awaited = new WeakMap();

// Waits until every picture that a page asked for is there and drawn, and none has been asked for since.
export function quiet(page) {
  const waiting = awaited.get(page);
  return until("all pictures are there", async () => {
    if (waiting.size > 0) return false;
    await page.evaluate(() => Promise.all([...document.images].filter(({ complete }) => complete).map((image) => image.decode().catch(() => undefined))));
    await frames(page, 4);
    return waiting.size === 0;
  });
}

// Opens a page of the other site. Whatever goes wrong in it fails the test, by `finish`.
export async function open(headText, body, { direction = "ltr", ...options } = {}) {
  const context = await browser.newContext({ viewport: SIZES[0][1], ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const problems = [];
  const requests = [];
  const waiting = new Set();
  awaited.set(page, waiting);
  for (const event of ["requestfinished", "requestfailed"]) page.on(event, (request) => waiting.delete(request));
  page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/image") {
      requests.push(url);
      waiting.add(request);
    }
    const own = [origin, new URL(base).origin].includes(url.origin);
    if (/^https?:$/.test(url.protocol) && !own) problems.push(`asked another server: ${url}`);
  });
  const number = pages.push(
    `<!DOCTYPE html><html lang="en" dir="${direction}"><head><meta charset="utf-8">` +
      `<meta name="viewport" content="width=device-width, initial-scale=1"><title>A page</title>` +
      `<style>body { font-family: sans-serif; margin: 1rem }</style>${headText}</head>` +
      `<body><main><h1>A page</h1>${body}</main></body></html>`,
  );
  await page.goto(`${origin}/${number - 1}`);
  const finish = async () => {
    assert.deepEqual(problems, []);
    await context.close();
  };
  return { page, context, requests, finish };
}

// Runs a test on a page and closes it.
export async function on(headText, body, options, check) {
  const opened = await open(headText, body, options);
  await check(opened.page, opened.requests, opened.context);
  await opened.finish();
}

// Records events of old viewers in the page: `log(name)` makes a callback.
export const RECORDER =
  "<script>var told = []; function log(name) { return function () {" +
  " told.push([name].concat([].slice.call(arguments))); }; }</script>";

export const told = (page, name) =>
  page.evaluate((wanted) => window.told.filter(([of]) => of === wanted), name);

export async function waitForTold(page, name, count = 1) {
  const enough = ([wanted, least]) => window.told.filter(([of]) => of === wanted).length >= least;
  await page.waitForFunction(enough, [name, count]);
  return told(page, name);
}

// Looks for faults of accessibility that are serious, when all pictures are there and nothing moves.
export async function assertAccessible(page) {
  await quiet(page);
  await still(page);
  await page.evaluate(AXE);
  const serious = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  assert.deepEqual(serious, []);
}

export async function shoot(page, name) {
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

// Asks the API, with a token unless it is asked for one.
let token;
export async function api(method, path, fields) {
  token ??= fetch(`${base}/api/v1/token/`, {
    method: "POST",
    body: new URLSearchParams({ username: "admin", password }),
  }).then(async (answer) => (await answer.json()).data.token);
  const answer = await fetch(`${base}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${await token}` },
    ...(fields ? { body: new URLSearchParams(fields) } : {}),
  });
  const { status, message, data } = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${status} ${message}`);
  return data;
}

export async function setTitle(src, title, description) {
  const { id } = await api("GET", `details/?${new URLSearchParams({ src })}`);
  await api("PUT", `admin/images/${id}/`, { title, description });
}

// Takes an element to another place of its page, then out of it and back after a while.
export async function moved(page, selector, works) {
  const at = (act) => page.evaluate(([wanted, name]) => {
    const element = window.moved ?? document.querySelector(wanted);
    window.moved = element;
    if (name === "out") element.remove();
    else document.querySelector("main")[name](element);
  }, [selector, act]);
  await at("prepend");
  await works();
  await at("out");
  await frames(page);
  await at("append");
  await works();
}

// Words of the page's own for viewers, as its head says them; in one language, or in any.
export const words = (said, lang) =>
  `<script type="application/json" data-halftone-texts${lang ? ` lang="${lang}"` : ""}>${JSON.stringify(said)}</script>`;

// Puts text into the page as scripts of a page do.
export const add = (page, html) =>
  page.evaluate((text) => document.querySelector("main").insertAdjacentHTML("beforeend", text), html);

// What a finger on either side of a place does that is moved away from it.
export async function spread(page, context, { x, y }, from, to) {
  const session = await context.newCDPSession(page);
  const touch = (type, apart) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: apart === null ? [] : [{ x: x - apart, y, id: 0 }, { x: x + apart, y, id: 1 }],
    });
  await touch("touchStart", from);
  for (let apart = from + 10; apart <= to; apart += 10) await touch("touchMove", apart);
  await touch("touchEnd", null);
}

// Where a picture of a shape (width over height) lies that is as large as it fits into a place.
export function fitted({ x, y, width, height }, shape) {
  const [wide, tall] = [Math.min(width, height * shape), Math.min(height, width / shape)];
  return { x: x + (width - wide) / 2, y: y + (height - tall) / 2, width: wide, height: tall };
}

// Asserts that one place lies within another, give or take what is drawn around it.
export function assertWithin(inner, outer, what, spare = 2) {
  const sides = [
    inner.x - outer.x,
    inner.y - outer.y,
    outer.x + outer.width - inner.x - inner.width,
    outer.y + outer.height - inner.y - inner.height,
  ];
  assert.ok(Math.min(...sides) >= -spare, `${what}: ${JSON.stringify(inner)} in ${JSON.stringify(outer)}`);
}

// A finger that goes from one place to another.
export async function drag(page, context, { x, y }, [right, down]) {
  const session = await context.newCDPSession(page);
  const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  await touch("touchStart", [{ x, y }]);
  for (let part = 0.1; part <= 1; part += 0.1) await touch("touchMove", [{ x: x + right * part, y: y + down * part }]);
  await touch("touchEnd", []);
}

export const parameters = (url) => Object.fromEntries(new URL(url).searchParams);
