// Long folders, sheets, single keys and busy servers: what the scripts of pages do beside what forms do.
//
//   HALFTONE_ADMIN_PASSWORD=… node grid.mjs BASE_URL SCREENSHOTS_DIR

import assert from "node:assert/strict";
import { base, picture, problems, run, signIn, visitor } from "./support/session.mjs";

const MANY = 210;
const FOLDER = `/grid ${Date.now()}`;
const BROWSE = `/browse?path=${encodeURIComponent(FOLDER.slice(1))}`;

// One grey pixel.
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);

const pictures = "**/image?**";
const whole = (route) => route.fulfill({ contentType: "image/png", body: PIXEL });
const busy = (route) => route.fulfill({ status: 503, headers: { "Retry-After": "1" }, body: "busy" });
const tiles = (page) => page.locator("[data-grid] > .tile");

async function fill(page) {
  const token = await page.locator('meta[name="csrf-token"]').getAttribute("content");
  const headers = { "X-CSRF-Token": token };
  const made = await page.request.post(`${base}/api/v1/admin/filesystem/folders`, { headers, form: { path: FOLDER } });
  assert.ok(made.ok(), await made.text());
  for (let at = 0; at < MANY; at += 70) {
    const form = new FormData();
    form.append("path", FOLDER);
    form.append("overwrite", "no");
    for (let number = at + 1; number <= at + 70; number++) {
      form.append("files", new File([PIXEL], `${number}.png`, { type: "image/png" }));
    }
    const sent = await page.request.post(`${base}/api/v1/upload`, { headers, multipart: form, timeout: 300_000 });
    assert.ok(sent.ok(), await sent.text());
  }
}

// What is taken out of the grid leaves no hole in what comes later.
async function takeOut(page) {
  await page.goto(base + BROWSE);
  await page.getByText(`${MANY} pictures`).waitFor();
  assert.equal(await tiles(page).count(), 100);
  for (const at of [0, 1, 2, 3, 4]) await tiles(page).nth(at).locator(".pick input").check({ force: true });
  await page.getByText("5 chosen").waitFor();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText(`${MANY - 5} pictures`).waitFor();
  const names = () => tiles(page).evaluateAll((all) => all.map((tile) => tile.dataset.path.split("/").pop()));
  await page.waitForFunction((left) => {
    scrollTo(0, document.body.scrollHeight);
    return document.querySelectorAll("[data-grid] > .tile").length >= left;
  }, MANY - 5);
  const expected = Array.from({ length: MANY - 5 }, (_, at) => `${at + 6}.png`);
  assert.deepEqual(await names(), expected);
}

async function chooseAll(page) {
  await page.goto(base + BROWSE);
  await tiles(page).first().locator(".pick input").check({ force: true });
  await page.getByRole("button", { name: "Choose all", exact: true }).click();
  await page.getByRole("button", { name: `Choose all ${MANY - 5}` }).click();
  await page.getByText(`${MANY - 5} chosen`).waitFor();
  assert.equal(await tiles(page).count(), MANY - 5);
  await picture(page, "chosen-all-desktop-light");
  await page.getByRole("button", { name: "Choose none" }).click();
}

// Sheets keep the focus, and give it back.
async function sheets(page) {
  await page.goto(base + BROWSE);
  const focus = () => page.evaluate(() => document.activeElement.closest("dialog")?.id ?? document.activeElement.textContent);
  const first = tiles(page).first().locator("a");
  await first.focus();
  const before = await focus();
  await page.keyboard.press("?");
  await page.locator("dialog#keys:modal").waitFor();
  assert.equal(await focus(), "keys");
  await page.keyboard.press("Escape");
  await page.locator("dialog#keys").waitFor({ state: "hidden" });
  assert.equal(await focus(), before);
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("button", { name: "New folder" }).click();
  await page.locator("dialog#new-folder:modal").waitFor();
  const within = () => page.evaluate(() => {
    const at = document.activeElement;
    return at === document.body || at.closest("dialog") !== null;
  });
  for (let turn = 0; turn < 8; turn++) {
    await page.keyboard.press("Tab");
    assert.ok(await within(), "the focus stays in the sheet");
  }
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.locator("dialog#new-folder").waitFor({ state: "hidden" });
}

async function switchKeysOff(page) {
  const search = page.getByRole("searchbox").first();
  const hasFocus = () => search.evaluate((field) => field === document.activeElement);
  for (const [name, works] of [["Off", false], ["On", true]]) {
    await page.goto(`${base}/account`);
    await page.getByRole("group", { name: "Keys" }).getByRole("button", { name, exact: true }).click();
    await page.locator(`button[name="keys"][aria-pressed="true"]`, { hasText: name }).waitFor();
    await page.locator("body").press("/");
    assert.equal(await hasFocus(), works, `keys are ${name}`);
  }
}

// A server that has too much to do is asked again, and then the page says so.
async function waitForBusy(page) {
  const asked = new Map();
  const soon = (route) => {
    const url = route.request().url();
    asked.set(url, (asked.get(url) ?? 0) + 1);
    return asked.get(url) <= 2 ? busy(route) : whole(route);
  };
  await page.unroute(pictures);
  await page.route(pictures, soon);
  await page.goto(base + BROWSE);
  const shown = () => tiles(page).first().locator("img").evaluate((image) => image.naturalWidth > 0);
  await page.waitForFunction(() => document.querySelector("[data-grid] img").naturalWidth > 0);
  await page.unroute(pictures);
  await page.route(pictures, busy);
  await page.goto(base + BROWSE);
  const told = page.getByText("Some pictures did not come");
  await told.waitFor();
  assert.ok(!(await shown()));
  await picture(page, "busy-desktop-light");
  await page.unroute(pictures);
  await page.route(pictures, whole);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelector("[data-grid] img").naturalWidth > 0);
}

async function zoomWhenBusy(page) {
  await page.unroute(pictures);
  await page.goto(base);
  const large = base + (await page.locator('.tile > a[href*="scenes"]').first().getAttribute("href"));
  let refused = 0;
  await page.route(pictures, (route) => (refused++ < 3 ? busy(route) : route.continue()));
  await page.goto(large);
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  await page.unroute(pictures);
  await page.route(pictures, busy);
  await page.goto(large);
  const again = page.locator(".halftone-zoom-failed").getByRole("button", { name: "Try again" });
  await again.waitFor();
  await picture(page, "zoom-busy-desktop-light");
  await page.unroute(pictures);
  await again.click();
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  const box = await page.locator(".halftone-zoom").boundingBox();
  assert.ok(box.width > 300, "the viewer fills its place");
}

// Rules of other people's pages for their pictures do not move the first picture.
async function standsAmongOtherRules(page) {
  await page.goto(base);
  const large = base + (await page.locator('.tile > a[href*="scenes"]').first().getAttribute("href"));
  const tile = /[?&]tile=/;
  await page.route((url) => tile.test(url.search), () => undefined);
  await page.goto(large);
  await page.waitForFunction(() => document.querySelector("img.halftone-zoom-preview")?.naturalWidth > 0);
  const [place, shown] = await page.evaluate(() =>
    [".halftone-zoom", "img.halftone-zoom-preview"].map((name) => {
      const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
      return [x, y, width, height].map(Math.round);
    }),
  );
  assert.deepEqual(shown, place);
}

await run("long folders, sheets and keys", async (browser) => {
  const page = await visitor(browser);
  page.setDefaultTimeout(120_000);
  await signIn(page);
  await fill(page);
  await page.route(pictures, whole);
  await takeOut(page);
  await chooseAll(page);
  await sheets(page);
  await switchKeysOff(page);
  const before = problems.length;
  await waitForBusy(page);
  await zoomWhenBusy(page);
  // The browser tells of every answer that was provoked.
  const told = problems.splice(before);
  problems.push(...told.filter((text) => !/status of 503/.test(text)));
  await page.context().close();
  const other = await visitor(browser);
  other.setDefaultTimeout(120_000);
  await standsAmongOtherRules(other);
});
