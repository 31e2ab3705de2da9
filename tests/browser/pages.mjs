// The web interface: flows of a person who signs in, and pictures of its pages.
//
//   HALFTONE_ADMIN_PASSWORD=… node pages.mjs BASE_URL SCREENSHOTS_DIR
//
// Works on a running `halftone serve` with the demo library. Fails when a flow does not do what it should,
// when a page logs an error or asks another server for anything, and when axe finds a serious fault of
// accessibility.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  SIZES, accessible, adminPassword, api, arrived, base, picture, run, said, settled, shoot, signIn, visitor,
} from "./support/session.mjs";
import { placeOf, until } from "./support/wait.mjs";

async function signInAtTheSecondTry(page) {
  await page.goto(`${base}/login?next=/browse`);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill("wrong password");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "wrong" }).waitFor();
  await page.getByLabel("Password").fill(adminPassword);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/browse`);
}

async function makeFolder(page, path) {
  await page.goto(`${base}/browse`);
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("button", { name: "New folder" }).click();
  const field = page.locator("dialog#new-folder").getByLabel("Name", { exact: true });
  // What is there already is told in place, and the field keeps its text.
  await field.fill(path.slice(1));
  await page.getByRole("button", { name: "Create folder" }).click();
  await arrived(page, page.getByRole("status").filter({ hasText: "The folder has been created." }));
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("button", { name: "New folder" }).click();
  await field.fill(path.slice(1));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "already exists" }).waitFor();
  assert.equal(await field.inputValue(), path.slice(1));
  await page.goto(`${base}/browse?path=${encodeURIComponent(path.slice(1))}`);
  await askBeforeDeletingIt(page, "It contains no pictures.");
}

// Whoever is about to delete a folder reads how many pictures are in it.
async function askBeforeDeletingIt(page, holds) {
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("link", { name: "Delete folder" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: /^Delete / });
  await dialog.getByText(holds).waitFor();
  await accessible(page, "folder-delete");
  await picture(page, "folder-delete-desktop-light");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
}

// For how long twenty uploads may take.
const UPLOADS_MS = 300_000;

// Twenty pictures and a file that is none, through the page; one connection breaks on the way.
async function upload(page, jpeg, folder) {
  const files = Array.from({ length: 20 }, (_, at) => ({
    name: `upload ${at + 1}.jpg`,
    mimeType: "image/jpeg",
    buffer: jpeg,
  }));
  files.push({ name: "broken.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
  let dropped = 0;
  await page.route("**/api/v1/uploads/*", (route) => {
    if (dropped === 0 && route.request().method() === "PATCH") {
      dropped += 1;
      return route.abort("connectionreset");
    }
    return route.continue();
  });
  await page.goto(`${base}/upload?path=${encodeURIComponent(folder.slice(1))}`);
  await page.getByLabel("Choose pictures").setInputFiles(files);
  await page.getByText("20 of 21 uploaded, 1 failed").waitFor({ timeout: UPLOADS_MS });
  await page.unroute("**/api/v1/uploads/*");
  assert.equal(dropped, 1, "a connection was dropped");
  const failed = page.locator('.uploads li[data-state="failed"]');
  assert.equal(await failed.count(), 1);
  assert.match(await failed.textContent(), /broken\.jpg/);
  // Why stands under the name, and a mark in place of the picture.
  assert.match(await failed.locator(".what .why").textContent(), /not an image/);
  assert.equal(await failed.locator(".state").textContent(), "Not uploaded");
  await failed.locator(".thumb > svg").waitFor();
  assert.equal(await page.locator('.uploads li[data-state="done"] .thumb > svg').count(), 0);
  assert.equal(await page.locator('.uploads li[data-state="done"] .thumb > img').count(), 20);
  assert.equal(await failed.getByRole("button").count(), 0, "what is no picture is not sent again");
  await failed.scrollIntoViewIfNeeded();
  await accessible(page, "uploads");
  await picture(page, "uploads-desktop-light");
  await page.setViewportSize(SIZES.phone);
  await failed.scrollIntoViewIfNeeded();
  await picture(page, "uploads-phone-light");
  await page.setViewportSize(SIZES.desktop);
  await page.locator('.uploads li[data-state="done"] a').first().click();
  await page.getByRole("heading", { name: /upload \d+\.jpg/ }).waitFor();
}

// A grid shows pictures whole, those of a row as high as each other, whatever the screen.
async function uncropped(page) {
  await page.goto(`${base}/browse?path=scenes&view=grid`);
  for (const size of [SIZES.phone, SIZES.desktop]) {
    await page.setViewportSize(size);
    for (const image of await page.locator(".tile img").all()) await image.scrollIntoViewIfNeeded();
    const wrong = await until("its pictures have come", () => page.evaluate(() => {
      const shown = [...document.querySelectorAll(".tile img")];
      if (shown.length === 0 || !shown.every(({ complete, naturalWidth }) => complete && naturalWidth > 0)) return null;
      const boxes = shown.map((image) => ({ image, box: image.getBoundingClientRect() }));
      const isCropped = ({ image, box }) => getComputedStyle(image).objectFit === "cover" &&
        Math.abs((image.naturalWidth * box.height) / (image.naturalHeight * box.width) - 1) > 0.05;
      const isUneven = ({ box }) =>
        boxes.some(({ box: other }) => Math.abs(other.top - box.top) < 1 && Math.abs(other.height - box.height) > 1.5);
      const isWide = ({ box }) => box.right > document.documentElement.clientWidth;
      return boxes.filter((one) => isCropped(one) || isUneven(one) || isWide(one)).map(({ image }) => image.src);
    }));
    assert.deepEqual(wrong, [], `of ${size.width} pixels`);
  }
}

// Under which name a file is kept is said where that is not its own.
async function uploadOddNames(page, jpeg, folder) {
  await page.goto(`${base}/upload?path=${encodeURIComponent(folder.slice(1))}`);
  const names = ["upload 3.jpg", "100%25#?.jpg", ".hidden.jpg", "plain.jpg"];
  const files = names.map((name) => ({ name, mimeType: "image/jpeg", buffer: jpeg }));
  await page.getByLabel("Choose pictures").setInputFiles(files);
  for (const name of ["upload 3-001.jpg", "100_25__.jpg", "hidden.jpg"]) {
    await page.locator(".uploads li").filter({ hasText: `Stored as ${name}` }).waitFor();
  }
  await page.getByText("4 of 4 uploaded").waitFor();
  assert.equal(await page.getByText("Stored as").count(), 3);
  await picture(page, "uploads-renamed-desktop-light");
}

const toUpload = (page, folder) => page.goto(`${base}/upload?path=${encodeURIComponent(folder.slice(1))}`);

const rowOf = (page, name) => page.locator(".uploads li").filter({ hasText: name });

// The path of the picture that an upload has become.
async function became(page, name) {
  const row = rowOf(page, name);
  await row.getByRole("link", { name: "Uploaded" }).waitFor();
  const id = new URL(await row.getByRole("link").getAttribute("href"), base).searchParams.get("id");
  return (await (await page.request.get(`${base}/api/v1/admin/images/${id}/`)).json()).data.src;
}

// An upload that was broken off is gone on with where it was to go, and nowhere else.
async function resumeInItsPlace(page, jpeg, files) {
  const file = join(files, "resumed.jpg");
  await writeFile(file, jpeg);
  const asked = [];
  page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
  const begin = () => page.getByLabel("Choose pictures").setInputFiles(file);
  await page.route("**/api/v1/uploads/*", (route) =>
    route.request().method() === "PATCH" ? route.abort("connectionreset") : route.continue());
  await toUpload(page, "/uploads/one");
  await begin();
  const patched = () => asked.find((request) => request.startsWith("PATCH "));
  const upload = (await until("the upload is broken off", patched)).slice("PATCH ".length);
  await toUpload(page, "/uploads/two");
  await page.unroute("**/api/v1/uploads/*");
  asked.length = 0;
  await begin();
  assert.equal(await became(page, "resumed.jpg"), "uploads/two/resumed.jpg");
  await toUpload(page, "/uploads/one");
  await page.getByLabel("If a name is taken").selectOption("yes");
  await begin();
  assert.equal(await became(page, "resumed.jpg"), "uploads/one/resumed.jpg");
  assert.deepEqual(asked.filter((request) => request.endsWith(upload)), [], "it is left alone");
  await toUpload(page, "/uploads/one");
  await begin();
  assert.equal(await became(page, "resumed.jpg"), "uploads/one/resumed-001.jpg");
  assert.ok(asked.includes(`HEAD ${upload}`) && asked.includes(`PATCH ${upload}`), String(asked));
}

// A file that goes away after it was chosen is not taken for a network that does.
async function loseAFile(page, jpeg, files) {
  const file = join(files, "gone.tif");
  await writeFile(file, jpeg);
  await page.route("**/api/v1/uploads", async (route) => {
    await rm(file, { force: true });
    await route.continue();
  });
  await toUpload(page, "/uploads/one");
  await page.getByLabel("Choose pictures").setInputFiles(file);
  const row = rowOf(page, "gone.tif");
  await row.getByText("The file cannot be read.").waitFor();
  await page.unroute("**/api/v1/uploads");
  // It may come back.
  await row.getByRole("button", { name: "Try again" }).click();
  await page.getByText("0 of 1 uploaded, 1 failed").waitFor();
  await row.getByText("The file cannot be read.").waitFor();
}

// Drops folders, by their names and the names of their files: of those in `lost` the system says nothing.
function drop(page, jpeg, folders, lost = []) {
  const given = { content: jpeg.toString("base64"), folders, lost };
  return page.evaluate(({ content, folders, lost }) => {
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    const ends = (good, bad, name, value) =>
      lost.includes(name) ? bad(new DOMException("gone", "NotReadableError")) : good(value);
    const file = (name) => {
      const found = new File([bytes], name, { type: "image/jpeg", lastModified: 1 });
      return { name, isFile: true, file: (good, bad) => ends(good, bad, name, found) };
    };
    const folder = ([name, names]) => {
      const parts = [names.map(file), []];
      const readEntries = (good, bad) => ends(good, bad, name, parts.shift());
      return { name, isFile: false, createReader: () => ({ readEntries }) };
    };
    const items = Object.entries(folders).map(folder).map((entry) => ({ webkitGetAsEntry: () => entry }));
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { items } });
    document.querySelector("[data-drop]").dispatchEvent(event);
  }, given);
}

// Of what is dropped, what can be read is sent, also where two files are copies of each other.
async function dropWhatCannotBeRead(page, jpeg) {
  await toUpload(page, "/uploads/two");
  await drop(page, jpeg, { a: ["same.jpg", "locked.jpg"], b: ["same.jpg"], shut: [] }, ["locked.jpg", "shut"]);
  await page.getByText("2 of 4 uploaded, 2 failed").waitFor();
  await rowOf(page, "a/locked.jpg").getByText("The file cannot be read.").waitFor();
  await rowOf(page, "shut").getByText("The folder cannot be read.").waitFor();
  for (const path of ["a/same.jpg", "b/same.jpg"]) assert.equal(await became(page, path), `uploads/two/${path}`);
}

// Whoever may not make folders reads so once, and can have the files go without; those that there are take files.
async function dropWhereFoldersMayNotBeMade(page, jpeg) {
  const message = "You may not create folders in /uploads/two.";
  await page.route("**/api/v1/admin/filesystem/folders*", (route) =>
    route.request().method() === "POST"
      ? route.fulfill({ status: 403, json: { status: 403, message, data: null } })
      : route.continue());
  await toUpload(page, "/uploads/two");
  await page.getByLabel("If a name is taken").selectOption("yes");
  await drop(page, jpeg, { c: ["flat.jpg", "twin.jpg"], d: ["twin.jpg"], there: ["in.jpg"] });
  await page.getByRole("alert").filter({ hasText: message }).waitFor();
  await page.getByText("1 of 1 uploaded").waitFor();
  assert.equal(await became(page, "there/in.jpg"), "uploads/two/there/in.jpg");
  await accessible(page, "upload-folders");
  await picture(page, "upload-folders-desktop-light");
  await page.getByRole("button", { name: "Upload without folders" }).click();
  await page.getByText("4 of 4 uploaded").waitFor();
  assert.equal(await became(page, "flat.jpg"), "uploads/two/flat.jpg");
  // Neither of two has taken the other's place.
  await rowOf(page, "twin.jpg").filter({ hasText: "Stored as twin-001.jpg" }).waitFor();
  await page.unroute("**/api/v1/admin/filesystem/folders*");
}

async function uploadAgainstOdds(page, jpeg) {
  const files = await mkdtemp(join(tmpdir(), "uploads-"));
  try {
    await page.goto(`${base}/browse`);
    for (const path of ["/uploads/one", "/uploads/two", "/uploads/two/there"]) {
      await api(page, "POST", "/admin/filesystem/folders", { form: { path } });
    }
    await resumeInItsPlace(page, jpeg, files);
    await loseAFile(page, jpeg, files);
    await dropWhatCannotBeRead(page, jpeg);
    await dropWhereFoldersMayNotBeMade(page, jpeg);
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

async function choose(page, folder) {
  await page.goto(`${base}/browse?path=${encodeURIComponent(folder.slice(1))}`);
  await settled(page);
  // By keyboard alone: to the first picture, along the row, chosen with the space bar.
  await page.locator(".tile > a").first().focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  await page.getByText("2 selected").waitFor();
  await picture(page, "chosen-desktop-light");
  await page.getByRole("button", { name: "Edit details" }).click();
  await page.getByLabel("Title").fill("Together");
  await page.getByLabel("Add tags").fill("first, second");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await said(page, "2 pictures changed");
  await page.goto(`${base}/search?tag=second`);
  assert.equal(await page.locator(".tile").count(), 2, "both have the tag");
  await page.goto(`${base}/browse?path=${encodeURIComponent(folder.slice(1))}`);
  await page.keyboard.press("Control+a");
  await page.getByText("20 selected").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".pick input").last().check({ force: true });
  await page.getByText("1 selected").waitFor();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".tile").length === 19);
  await said(page, "1 picture deleted");
  await page.locator(".toast").getByRole("button", { name: "Recycle folder" }).click();
  await arrived(page, page.getByRole("heading", { name: "Recycle folder" }));
}

// One button saves all that a sheet holds, and who edits beside somebody else loses nothing.
async function describeTogether(page, folder) {
  const address = `${base}/details?src=${encodeURIComponent(`${folder.slice(1)}/upload 4.jpg`)}`;
  const other = await page.context().newPage();
  for (const one of [page, other]) {
    await one.goto(address);
    await one.getByRole("button", { name: "Edit", exact: true }).click();
  }
  const save = (one) => one.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("Title").fill("Of the first");
  await page.locator("textarea[name=description]").fill("What is seen");
  await page.getByLabel("Add tags").fill("kept");
  await save(page);
  await arrived(page, page.getByRole("heading", { name: "Of the first" }));
  await page.getByRole("link", { name: "kept", exact: true }).waitFor();
  assert.equal(await page.getByLabel("Description (alt)", { exact: true }).inputValue(), "What is seen");
  assert.equal(await page.locator(".stage img").first().getAttribute("alt"), "What is seen");
  // The other sheet was opened before.
  await other.getByLabel("Title").fill("Of the second");
  await save(other);
  await arrived(other, other.getByRole("heading", { name: "Somebody else changed this" }));
  assert.equal(await other.locator(".field", { hasText: "Saved title" }).locator("p").textContent(), "Of the first");
  assert.equal(await other.getByLabel("Title", { exact: true }).inputValue(), "Of the second");
  await accessible(other, "overtaken");
  await picture(other, "overtaken-desktop-light");
  await other.getByLabel("Title", { exact: true }).fill("Of both");
  await save(other);
  await arrived(other, other.getByRole("heading", { name: "Of both" }));
  await other.getByText("What is seen").first().waitFor();
  await other.getByRole("link", { name: "kept", exact: true }).waitFor();
  await other.close();
}

// What is called off is sent no further; what is empty says so, without a broken picture.
async function callOff(page, jpeg, folder) {
  let held = 0;
  await page.route("**/api/v1/uploads/*", (route) => {
    if (route.request().method() !== "PATCH") return route.continue();
    // Never answered: it is on its way until somebody ends it.
    held += 1;
  });
  await page.goto(`${base}/upload?path=${encodeURIComponent(folder.slice(1))}`);
  const files = Array.from({ length: 6 }, (_, at) => ({ name: `off ${at}.jpg`, mimeType: "image/jpeg", buffer: jpeg }));
  await page.getByLabel("Choose pictures").setInputFiles([
    { name: "empty.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) }, ...files,
  ]);
  const row = (name) => page.locator(".uploads li").filter({ hasText: name });
  await row("empty.jpg").getByText("The file is empty.").waitFor();
  await row("empty.jpg").locator(".thumb > svg").waitFor();
  assert.equal(await row("empty.jpg").locator("img").count(), 0);
  await until("three are on their way", () => held >= 3);
  // One that is on its way, and one that waits.
  for (const name of ["off 0.jpg", "off 5.jpg"]) {
    await page.getByRole("button", { name: `Cancel ${name}` }).click();
    await row(name).getByText("Cancelled").waitFor();
  }
  await page.getByRole("button", { name: "Cancel all" }).click();
  await page.getByText("0 of 1 uploaded, 1 failed").waitFor();
  assert.equal(await page.locator('.uploads li[data-state="off"]').count(), files.length);
  await page.getByRole("button", { name: "Cancel all" }).waitFor({ state: "hidden" });
  await page.unroute("**/api/v1/uploads/*");
}

async function describe(page, folder) {
  const src = `${folder.slice(1)}/upload 3.jpg`;
  await page.goto(`${base}/details?src=${encodeURIComponent(src)}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("Title").fill('A "quoted" <title>');
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await arrived(page, page.getByRole("heading", { name: 'A "quoted" <title>' }));
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Focal point" }).click();
  const shown = page.locator("[data-point-picture]");
  await shown.evaluate((image) => image.decode());
  const box = await placeOf(shown);
  await shown.click({ position: { x: box.width * 0.25, y: box.height * 0.5 } });
  const x = Number(await page.getByLabel("From the left (0 to 1)").inputValue());
  assert.ok(Math.abs(x - 0.25) < 0.003, `the focal point is at ${x}`);
  // The ring stands there, whichever way the page is written.
  const ring = page.getByRole("button", { name: /^Focal point\./ });
  for (const direction of ["rtl", "ltr"]) {
    await page.evaluate((dir) => (document.documentElement.dir = dir), direction);
    const [place, around] = [await placeOf(shown), await placeOf(ring)];
    const at = (around.x + around.width / 2 - place.x) / place.width;
    assert.ok(Math.abs(at - x) < 0.005, `${direction}: the ring is at ${at}, not ${x}`);
  }
  // The picture takes the room that there is, on a phone, too.
  assert.ok(Math.max(box.width, box.height) > 450, `${box.width} by ${box.height} pixels`);
  await accessible(page, "focal-point");
  await picture(page, "focal-point-desktop-light");
  await page.setViewportSize(SIZES.phone);
  const small = await placeOf(shown);
  assert.ok(small.width > 280 && small.x >= 0 && small.x + small.width <= SIZES.phone.width, `${small.x}, ${small.width}`);
  await picture(page, "focal-point-phone-light");
  await page.setViewportSize(SIZES.desktop);
  // By keys: from where it was clicked, a hundredth, and a tenth.
  await page.getByLabel("From the left (0 to 1)").fill("0.25");
  await page.getByLabel("From the top (0 to 1)").fill("0.5");
  await ring.press("ArrowRight");
  await ring.press("Shift+ArrowDown");
  await ring.press("ArrowLeft");
  await ring.press("Shift+ArrowUp");
  await ring.press("ArrowUp");
  assert.equal(await page.getByLabel("From the left (0 to 1)").inputValue(), "0.25");
  assert.equal(await page.getByLabel("From the top (0 to 1)").inputValue(), "0.49");
  await ring.press("ArrowDown");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await arrived(page, page.getByText("25% from the left, 50% from the top"));
  const before = await page.title();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((title) => document.title !== title, before);
}

// A picture that is higher than wide stands in the middle of a phone, as soon as there is anything of it.
async function centred(page, address) {
  await page.setViewportSize(SIZES.phone);
  await page.goto(base + address);
  await page.locator("halftone-zoom").evaluate((zoom) => zoom.setAttribute("src", `${zoom.getAttribute("src")}&angle=90`));
  await page.locator('.halftone-zoom[data-state="ready"]').waitFor();
  const [first, stage] = await page.evaluate(() => {
    const shown = document.querySelector(".halftone-zoom-preview");
    // It has done its work, and takes its place once more.
    shown.hidden = false;
    return [shown, shown.closest("[data-stage]")].map((one) => {
      const { left, right } = one.getBoundingClientRect();
      return { left, right };
    });
  });
  const [before, after] = [first.left - stage.left, stage.right - first.right];
  assert.ok(Math.abs(before - after) <= 1, `${before} pixels before the picture and ${after} after it`);
  await page.setViewportSize(SIZES.desktop);
}

// Whoever reads needs no scripts: folders, pictures and search are links and forms.
async function readWithoutScripts(browser) {
  const page = await visitor(browser, { javaScriptEnabled: false });
  await page.goto(`${base}/browse`);
  await page.locator(".folder").first().click();
  await page.locator(".tile > a").first().click();
  await page.locator(".stage img").waitFor();
  await page.getByRole("searchbox", { name: "Search" }).fill("no such words at all");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No pictures found" }).waitFor();
  // Menus are the browser's own.
  await page.getByRole("button", { name: "Account and appearance" }).click();
  // By key: where no script runs, whether something that has just opened stands still cannot be told.
  await page.getByRole("button", { name: "Dark" }).press("Enter");
  await page.locator('html[data-theme="dark"]').waitFor();
  await page.context().close();
}

// Ends all sessions of the administrator from another browser: the cookies stay, as when their time has run out.
async function endSessions(browser) {
  const other = await visitor(browser);
  await signIn(other);
  await api(other, "DELETE", "/sessions");
  // All workers know.
  const isOver = async () => (await other.request.get(`${base}/account`)).status() === 401;
  await until("the sessions are over", async () => {
    for (let asked = 0; asked < 8; asked++) if (!(await isOver())) return null;
    return true;
  });
  await other.context().close();
}

// A form that comes after the session has ended is kept, and sent after signing in.
async function goOnWithoutScripts(browser, src) {
  const page = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, "admin", adminPassword, `/details?src=${encodeURIComponent(src)}`);
  await page.getByRole("button", { name: "Edit", exact: true }).press("Enter");
  await page.getByLabel("Title").fill("Typed before");
  await endSessions(browser);
  await page.getByRole("button", { name: "Save", exact: true }).press("Enter");
  await page.getByText("your entries are kept").waitFor();
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(adminPassword);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("heading", { name: "Send what you entered?" }).waitFor();
  await page.getByText("Typed before").waitFor();
  await page.getByRole("button", { name: "Send" }).press("Enter");
  await page.getByRole("heading", { name: "Typed before" }).waitFor();
  await page.context().close();
}

// How that looks, by a form that scripts leave alone.
async function goOnWithATable(browser, page) {
  await signIn(page);
  await page.goto(`${base}/table?path=flows`);
  await page.getByLabel("Or paste it here").fill("src,title\nflows/upload 4.jpg,Pasted before\n");
  await endSessions(browser);
  await page.getByRole("button", { name: "Show changes" }).click();
  await page.getByText("your entries are kept").waitFor();
  await picture(page, "login-kept-desktop-light");
  await accessible(page, "login-kept");
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Send what you entered?" }).waitFor();
  await picture(page, "kept-desktop-light");
  await accessible(page, "kept");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("cell", { name: "Pasted before" }).waitFor();
}

await run("the pages", async (browser) => {
  const page = await visitor(browser);
  await shoot(page, "home", "/");
  const first = await page.locator('.tile > a[href*="scenes"]').first().getAttribute("href");
  await shoot(page, "details", first);
  await centred(page, first);
  await uncropped(page);
  for (const [name, address, status] of [
    ["login", "/login"],
    ["browse-visitor", "/browse"],
    ["search", "/search"],
    ["search-none", "/search?q=nothing+like+this"],
    ["help", "/help"],
    ["about", "/about"],
    ["error-404", "/no/such/page", 404],
    ["error-401", "/account", 401],
  ]) {
    await shoot(page, name, address, status);
  }
  await signInAtTheSecondTry(page);
  await makeFolder(page, "/flows");
  const src = new URL(base + first).searchParams.get("src");
  const made = await page.request.get(`${base}/image?src=${encodeURIComponent(src)}&width=640&format=jpg`);
  await upload(page, await made.body(), "/flows");
  await callOff(page, await made.body(), "/flows");
  await choose(page, "/flows");
  await page.goto(`${base}/browse?path=flows`);
  await askBeforeDeletingIt(page, "It contains 19 pictures.");
  await describe(page, "/flows");
  await describeTogether(page, "/flows");
  for (const [name, address] of [
    ["browse", "/browse"],
    ["browse-folder", "/browse?path=flows"],
    ["browse-list", "/browse?path=flows&view=list"],
    ["details-editor", "/details?src=flows/upload%203.jpg"],
    ["upload", "/upload?path=flows"],
    ["account", "/account"],
  ]) {
    await shoot(page, name, address);
  }
  await goOnWithoutScripts(browser, "flows/upload 5.jpg");
  await goOnWithATable(browser, page);
  await uploadOddNames(page, await made.body(), "/flows");
  await uploadAgainstOdds(page, await made.body());
  await page.goto(`${base}/browse?path=flows&view=grid`);
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await picture(page, "menu-desktop-light");
  await page.getByRole("button", { name: "Dark" }).click();
  await arrived(page, page.locator('html[data-theme="dark"]'));
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${base}/`);
  await readWithoutScripts(browser);
});
