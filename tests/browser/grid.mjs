// Long folders, sheets, single keys, busy servers and sessions that end: what the scripts of pages do beside what
// forms do.
//
//   HALFTONE_ADMIN_PASSWORD=… node grid.mjs BASE_URL SCREENSHOTS_DIR

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { beyondBudget } from "./support/budget.mjs";
import { adminPassword, api, arrived, base, picture, problems, run, said, signIn, visitor } from "./support/session.mjs";
import { frames, until } from "./support/wait.mjs";

const MANY = 210;
const UPLOAD_MS = 300_000;
const FOLDER = `/grid ${Date.now()}`;
const BROWSE = `/browse?path=${encodeURIComponent(FOLDER.slice(1))}`;

// One grey pixel.
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);

const pictures = (url) => url.pathname === "/image";
const whole = (route) => route.fulfill({ contentType: "image/png", body: PIXEL });
const busy = (route) => route.fulfill({ status: 503, headers: { "Retry-After": "1" }, body: "busy" });
const tiles = (page) => page.locator("[data-grid] > .tile");

async function fill(page) {
  await api(page, "POST", "/admin/filesystem/folders", { form: { path: FOLDER } });
  for (let at = 0; at < MANY; at += 70) {
    const form = new FormData();
    form.append("path", FOLDER);
    form.append("overwrite", "no");
    for (let number = at + 1; number <= at + 70; number++) {
      form.append("files", new File([PIXEL], `${number}.png`, { type: "image/png" }));
    }
    await api(page, "POST", "/upload", { multipart: form, timeout: UPLOAD_MS });
  }
}

// What is taken out of the grid leaves no hole in what comes later.
async function takeOut(page) {
  const response = await page.goto(base + BROWSE, { waitUntil: "load" });
  await page.getByText(`${MANY} pictures`, { exact: true }).waitFor();
  assert.equal(await tiles(page).count(), 100);
  problems.push(...(await beyondBudget(page, "browse-full", response)));
  for (const at of [0, 1, 2, 3, 4]) await tiles(page).nth(at).locator(".pick input").check({ force: true });
  await page.getByText("5 selected").waitFor();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText(`${MANY - 5} pictures`, { exact: true }).waitFor();
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
  await page.getByRole("button", { name: "Select all", exact: true }).click();
  await page.getByRole("button", { name: `Select all ${MANY - 5}` }).click();
  await page.getByText(`${MANY - 5} selected`).waitFor();
  await until("all are there", async () => (await tiles(page).count()) === MANY - 5);
  await picture(page, "chosen-all-desktop-light");
  await page.getByRole("button", { name: "Clear selection" }).click();
  await page.getByText(`${MANY - 5} selected`).waitFor({ state: "hidden" });
}

// Whoever comes back from a picture finds it where it was, also far down.
async function comeBack(page) {
  await page.goto(base + BROWSE);
  await page.waitForFunction((left) => {
    scrollTo(0, document.body.scrollHeight);
    return document.querySelectorAll("[data-grid] > .tile").length >= left;
  }, MANY - 5);
  const tile = tiles(page).nth(170);
  const topOf = (one) => one.evaluate((item) => Math.round(item.getBoundingClientRect().top));
  await tile.evaluate((item) => scrollBy(0, item.getBoundingClientRect().top - 333));
  const before = await topOf(tile);
  const path = await tile.getAttribute("data-path");
  await tile.locator("> a").click();
  await page.waitForURL(/\/details\?/);
  await page.goBack();
  const same = page.locator(`[data-grid] > [data-path="${path}"]`);
  await same.waitFor();
  await until("it is where it was", async () => Math.abs((await topOf(same)) - before) <= 1);
  await page.waitForLoadState("load");
  await frames(page, 5);
  assert.ok(Math.abs((await topOf(same)) - before) <= 1, "it stays there");
  assert.equal(await page.evaluate(() => history.state.left), null, "the next time it may be left otherwise");
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
  await picture(page, "sheet-desktop-light");
  // Text that is chosen may end beside the sheet; a click there closes it, and does nothing else.
  const field = page.locator("dialog#new-folder input[name=path]");
  const box = await field.boundingBox();
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(40, 300, { steps: 3 });
  await page.mouse.up();
  assert.ok(await field.isVisible(), "the sheet stays");
  const here = page.url();
  const tile = await tiles(page).first().boundingBox();
  await page.mouse.click(tile.x + 20, tile.y + 20);
  await page.locator("dialog#new-folder").waitFor({ state: "hidden" });
  assert.equal(page.url(), here);
  // Escape is for the sheet, wherever the focus is: what is chosen stays.
  await page.evaluate(() => scrollTo(0, 0));
  await tiles(page).first().locator(".pick input").check({ force: true });
  await page.getByRole("toolbar").getByRole("button", { name: "Edit details" }).click();
  await page.locator("dialog#choice-edit:modal").waitFor();
  await page.getByRole("heading", { name: "Edit 1 picture" }).click();
  await page.keyboard.press("Escape");
  await page.locator("dialog#choice-edit").waitFor({ state: "hidden" });
  await page.getByText("1 selected").waitFor();
}

async function switchKeysOff(page) {
  const search = page.getByRole("searchbox").first();
  const hasFocus = () => search.evaluate((field) => field === document.activeElement);
  for (const [name, works] of [["Off", false], ["On", true]]) {
    await page.goto(`${base}/account`);
    const group = page.getByRole("group", { name: "Keyboard shortcuts" });
    await group.getByRole("button", { name, exact: true }).click();
    await arrived(page, group.locator('[aria-pressed="true"]', { hasText: name }));
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
  const told = page.getByText("Some pictures could not be loaded");
  await told.waitFor();
  assert.ok(!(await shown()));
  await picture(page, "busy-desktop-light");
  await page.unroute(pictures);
  await page.route(pictures, whole);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelector("[data-grid] img").naturalWidth > 0);
}

// What is not there is not offered once more.
async function sayWhatIsGone(page) {
  await page.unroute(pictures);
  await page.route(pictures, (route) => route.fulfill({ status: 415, contentType: "text/html", body: "no picture" }));
  await page.goto(base + BROWSE);
  await tiles(page).first().getByText("Cannot be shown").waitFor();
  assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
  await picture(page, "gone-desktop-light");
}

async function zoomWhenBusy(page) {
  await page.unroute(pictures);
  await page.goto(`${base}/browse?path=scenes`);
  const large = base + (await tiles(page).first().locator("> a").getAttribute("href"));
  let refused = 0;
  await page.route(pictures, (route) => (refused++ < 3 ? busy(route) : route.continue()));
  await page.goto(large);
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  await page.unroute(pictures);
  await page.route(pictures, busy);
  await page.goto(large);
  const told = page.locator(".halftone-zoom-failed");
  const again = told.getByRole("button", { name: "Try again" });
  await told.getByText("The server is busy. Trying again in a moment.").waitFor();
  await again.waitFor();
  await told.getByText("The server is busy. This picture has not loaded yet.").waitFor();
  await picture(page, "zoom-busy-desktop-light");
  await page.unroute(pictures);
  await again.click();
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  await page.route(pictures, (route) => route.fulfill({ status: 404, body: "gone" }));
  await page.goto(large);
  await page.locator(".halftone-zoom-failed").getByText("There is no such picture.").waitFor();
  assert.equal(await again.count(), 0);
  await page.unroute(pictures);
  await page.goto(large);
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  const box = await page.locator(".halftone-zoom").boundingBox();
  assert.ok(box.width > 300, "the viewer fills its place");
}

// Rules of other people's pages for their pictures do not move the first picture.
async function standsAmongOtherRules(page) {
  await page.goto(`${base}/browse?path=scenes`);
  const large = base + (await tiles(page).first().locator("> a").getAttribute("href"));
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

// A folder that is chosen comes with those in it, and without what systems keep for themselves.
async function uploadFolder(page) {
  const folder = mkdtempSync(join(tmpdir(), "folder-"));
  try {
    for (const inner of ["deep", ".git"]) mkdirSync(join(folder, inner));
    for (const name of ["a.png", "deep/b.png", ".git/c.png", ".d.png"]) writeFileSync(join(folder, name), PIXEL);
    await page.goto(`${base}/upload?path=${encodeURIComponent(FOLDER.slice(1))}`);
    // Without a network, its folders wait to be made, too.
    await page.context().setOffline(true);
    await page.locator("input[data-folder-files]").setInputFiles(folder);
    await page.getByRole("alert").filter({ hasText: "Waiting for the network" }).waitFor();
    await page.context().setOffline(false);
    await page.getByText("2 of 2 uploaded").waitFor();
    await page.goto(`${base}/browse?path=${encodeURIComponent(`${FOLDER.slice(1)}/${basename(folder)}/deep`)}`);
    assert.match(await tiles(page).first().getAttribute("data-path"), /deep\/b\.png$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Uploads wait while there is no network, and go on when there is; what failed can be sent again all at once.
async function uploadWithoutNetwork(page) {
  const files = (name) => [1, 2, 3, 4, 5].map((number) => ({ name: `${name} ${number}.png`, mimeType: "image/png", buffer: PIXEL }));
  const choose = async (name) => {
    await page.goto(`${base}/upload?path=${encodeURIComponent(FOLDER.slice(1))}`);
    if (name === "offline") await page.context().setOffline(true);
    await page.locator('input[name="files"]').setInputFiles(files(name));
  };
  const waits = page.locator(".uploads li").filter({ hasText: "Waiting for the network" });
  await choose("offline");
  await until("those that were to be sent wait", async () => (await waits.count()) === 3);
  await page.getByText("0 of 5 uploaded").waitFor();
  await page.getByRole("button", { name: "Cancel offline 1.png" }).click();
  await until("the next one has its place", async () => (await waits.count()) === 3);
  await page.context().setOffline(false);
  await page.getByText("4 of 4 uploaded").waitFor();
  const again = page.getByRole("button", { name: "Try all again" });
  assert.ok(!(await again.isVisible()));
  const begin = (url) => url.pathname === "/api/v1/uploads";
  await page.route(begin, (route) => route.fulfill({ status: 408, body: "too slow" }));
  await choose("late");
  await page.getByText("0 of 5 uploaded, 5 failed").waitFor();
  await picture(page, "uploads-failed-desktop-light");
  await page.unroute(begin);
  await page.getByRole("button", { name: "Try again", exact: true }).first().click();
  await page.getByText("1 of 5 uploaded, 4 failed").waitFor();
  await again.click();
  await page.getByText("5 of 5 uploaded").waitFor();
  assert.ok(!(await again.isVisible()));
}

// Signs in in the tab that the page offers.
async function signInBeside(page) {
  const [other] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Sign in in a new tab" }).click(),
  ]);
  await other.getByLabel("User name").fill("admin");
  await other.getByLabel("Password").fill(adminPassword);
  await other.keyboard.press("Enter");
  await other.getByText("Close this tab").waitFor();
  await picture(other, "signed-in-again-desktop-light");
  await other.close();
}

// A session that ends takes nothing of what was typed: whoever signs in again goes on.
async function goOnAfterSigningIn(page) {
  const endSession = () => page.context().clearCookies({ name: /session/ });
  await page.goto(base + BROWSE);
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("button", { name: "New folder" }).click();
  const field = page.locator("dialog#new-folder").getByLabel("Name", { exact: true });
  await field.fill("inner");
  await endSession();
  await page.getByRole("button", { name: "Create folder" }).click();
  await page.locator("dialog#signed-out:modal").waitFor();
  await picture(page, "signed-out-desktop-light");
  await page.getByRole("button", { name: "Not now" }).click();
  await page.getByRole("alert").filter({ hasText: "no longer signed in" }).waitFor();
  assert.equal(await field.inputValue(), "inner");
  await page.getByRole("button", { name: "Create folder" }).click();
  await page.locator("dialog#signed-out:modal").waitFor();
  await signInBeside(page);
  await arrived(page, page.getByRole("status").filter({ hasText: "The folder has been created." }));
  // Another session in the place of the page's own is taken for it without a word.
  await tiles(page).first().locator(".pick input").check({ force: true });
  await page.getByRole("toolbar").getByRole("button", { name: "Edit details" }).click();
  await page.getByLabel("Title").fill("After another sign-in");
  await endSession();
  const other = await page.context().newPage();
  await signIn(other);
  await other.close();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await said(page, "1 picture changed");
  // Files go on by themselves.
  await page.goto(`${base}/upload?path=${encodeURIComponent(FOLDER.slice(1))}`);
  await endSession();
  await page.getByLabel("Choose pictures").setInputFiles({ name: "later.png", mimeType: "image/png", buffer: PIXEL });
  await page.locator("dialog#signed-out:modal").waitFor();
  await signInBeside(page);
  await page.locator('.uploads li[data-state="done"]').waitFor();
}

await run("long folders, sheets and keys", async (browser) => {
  const page = await visitor(browser);
  page.setDefaultTimeout(120_000);
  await signIn(page);
  await fill(page);
  await page.route(pictures, whole);
  await takeOut(page);
  await chooseAll(page);
  await comeBack(page);
  await sheets(page);
  await switchKeysOff(page);
  const before = problems.length;
  await waitForBusy(page);
  await sayWhatIsGone(page);
  await zoomWhenBusy(page);
  // The browser tells of every answer that was provoked.
  const told = problems.splice(before);
  problems.push(...told.filter((text) => !/status of 503|Tile .* failed to load/.test(text)));
  await page.unroute(pictures);
  await uploadFolder(page);
  await uploadWithoutNetwork(page);
  await goOnAfterSigningIn(page);
  await page.context().close();
  const other = await visitor(browser);
  other.setDefaultTimeout(120_000);
  await standsAmongOtherRules(other);
});
