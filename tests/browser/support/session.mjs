// What every script that looks at the web interface has in common: a browser, pages that are watched for
// faults, pictures of them, and axe's eye on them.
//
//   HALFTONE_ADMIN_PASSWORD=… node SCRIPT BASE_URL SCREENSHOTS_DIR

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { beyondBudget } from "./budget.mjs";
import { rest, still, TIMEOUT_MS } from "./wait.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
export const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const [server, folder] = process.argv.slice(2);
const password = process.env.HALFTONE_ADMIN_PASSWORD;
if (!server || !folder || !password) {
  console.error("usage: HALFTONE_ADMIN_PASSWORD=… node SCRIPT BASE_URL SCREENSHOTS_DIR");
  process.exit(2);
}

export const base = server;
export const adminPassword = password;

// What is wrong so far, beside what failed.
export const problems = [];

// Runs the steps with a browser, and fails when they do or when anything was wrong with a page.
export async function run(name, steps) {
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    timeout: TIMEOUT_MS,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  try {
    await steps(browser);
    assert.deepEqual(problems, []);
    console.log(`browser: ${name} passes`);
  } finally {
    await browser.close();
  }
}

// A page of somebody of whom the browser knows nothing yet.
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  await page.addInitScript(noteToasts);
  watch(page);
  return page;
}

// Keeps what a page says for a moment, for whoever looks later.
function noteToasts() {
  window.toasts = [];
  const note = (node) => node.classList?.contains("toast") && window.toasts.push(node.textContent);
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(note)))
    .observe(document, { childList: true, subtree: true });
}

// Waits until this page has said something.
export function said(page, text) {
  const has = (wanted) => window.toasts.some((toast) => toast.toLowerCase().includes(wanted));
  return page.waitForFunction(has, text.toLowerCase());
}

// Waits for something on the next page, and for the page's scripts.
export async function arrived(page, locator) {
  await locator.waitFor();
  await page.waitForLoadState("load");
}

// Notes what goes wrong on a page: errors of its scripts, and requests to other servers.
export function watch(page) {
  page.on("pageerror", (error) => problems.push(`${page.url()}: script error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    // Answers that a flow provokes are told of by the browser, too.
    const provoked = /status of 4|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED/.test(text);
    if (message.type() === "error" && !provoked) {
      problems.push(`${page.url()}: ${text}`);
    }
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== new URL(base).origin) {
      problems.push(`asked another server: ${url}`);
    }
  });
}

// Waits until all that is in view is there and at rest; with `whole`, also what is not in view.
export async function settled(page, whole = false) {
  await page.waitForLoadState("load");
  await page.waitForFunction(() => document.fonts.status === "loaded");
  await page.waitForFunction((all) =>
    [...document.images].every((image) => {
      // One that is to come may have no size yet.
      const box = image.getBoundingClientRect();
      const due = image.hasAttribute("src") && image.checkVisibility();
      const seen = due && (all || (box.top < innerHeight && box.bottom > 0));
      return !seen || (image.complete && image.naturalWidth > 0);
    }), whole,
  );
  // The preview of a new template is asked for by a script.
  await page.waitForFunction(() =>
    !document.querySelector('[data-template][data-free="true"]') ||
    document.querySelector("[data-stage] [data-preview]") !== null,
  );
  await page.waitForFunction(viewersShow, whole);
  await still(page);
}

// Whether every viewer that is in view, or with `all` any, shows its picture: those are on canvases, or come when
// their turn comes.
function viewersShow(all) {
  const isThere = (image) => image.complete && image.naturalWidth > 0;
  const shows = {
    // What was put there first goes when all that the canvas shows has been drawn.
    ".halftone-zoom": (viewer) =>
      viewer.dataset.state === "ready" && [...viewer.querySelectorAll(".halftone-zoom-preview")].every((one) => one.hidden),
    ".halftone-gallery": (viewer) => [...viewer.querySelectorAll("img")].every(isThere),
    ".halftone-slideshow": (viewer) => [...viewer.querySelectorAll(".halftone-slideshow-seen img")].every(isThere),
    "halftone-image": (viewer) => [...viewer.querySelectorAll("img")].some(isThere),
  };
  const isSeen = (viewer) => {
    const box = viewer.getBoundingClientRect();
    return box.width > 0 && (all || (box.top < innerHeight && box.bottom > 0));
  };
  return Object.entries(shows).every(([kind, isFull]) =>
    [...document.querySelectorAll(kind)].every((viewer) =>
      !isSeen(viewer) || viewer.querySelector('[class*="-failed"]:not([role="status"])') !== null || isFull(viewer)));
}

// Notes what axe finds serious when nothing moves: what fades in has little contrast.
export async function accessible(page, name) {
  await rest(page);
  // By the debugger, which no policy of a page keeps out.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: values }),
    RULES,
  );
  for (const { id, impact, nodes } of violations) {
    if (impact === "serious" || impact === "critical") {
      problems.push(`${name}: ${id} (${impact}): ${nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
    }
  }
}

// A picture of what is in view, when nothing moves.
export async function picture(page, name) {
  await rest(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

// A picture of the whole page, with what comes only when one goes there.
export async function wholePicture(page, name) {
  await page.evaluate(async () => {
    for (let at = 0; at < document.body.scrollHeight; at += innerHeight) {
      scrollTo(0, at);
      await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
    // Those that wait to be seen are all asked for.
    for (const image of document.images) image.loading = "eager";
  });
  await settled(page, true);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

// Pictures of a page, light and dark, at two sizes; none of them may be too wide, and axe looks at them.
export async function shoot(page, name, address, status = 200) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      const response = await page.goto(base + address, { waitUntil: "load" });
      assert.equal(response.status(), status, address);
      await settled(page);
      problems.push(...(await beyondBudget(page, name, response)));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) problems.push(`${name}, ${size}: ${wide} pixels too wide`);
      await wholePicture(page, `${name}-${size}-${scheme}`);
      if (size === "desktop" || scheme === "light") await accessible(page, `${name} ${size} ${scheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(SIZES.desktop);
}

// Signs in by the page; goes on to `next`.
export async function signIn(page, name = "admin", secret = adminPassword, next = "/browse") {
  await page.goto(`${base}/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(secret);
  await page.keyboard.press("Enter");
  await page.waitForURL(base + next);
}

// Calls the API as the scripts of a page do; gives back its data.
export async function api(page, method, path, fields = {}) {
  const token = await page.locator('meta[name="csrf-token"]').getAttribute("content");
  const headers = { "X-CSRF-Token": token };
  const answer = await page.request.fetch(`${base}/api/v1${path}`, { method, headers, ...fields });
  assert.ok(answer.ok(), `${method} ${path}: ${await answer.text()}`);
  return (await answer.json()).data;
}
