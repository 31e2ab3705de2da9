// Portfolios from the basket to the zip file, tables of titles, the second step and keys, the guides; by mouse
// and by keyboard, and pictures of the pages.
//
//   HALFTONE_ADMIN_PASSWORD=… node folios.mjs BASE_URL SCREENSHOTS_DIR
//
// Works on a running `halftone serve` with the demo library.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  SIZES, accessible, api, arrived, base, picture, run, said, settled, shoot, signIn, visitor,
} from "./support/session.mjs";

const NAME = "flow-spring";

// What is said of the first picture.
const SAID = { title: "By the sea", description: "Waves run out on a grey beach." };

// For how long work in the background may take, with all that is to be done before it.
const TASKS_MS = 600_000;

const tiles = (page) => page.locator("[data-grid] > .tile > a");

// Three by keyboard, one from its own page, one from a search.
async function gather(page, folder) {
  await shoot(page, "basket-empty", "/basket");
  await page.goto(`${base}/browse?path=${folder}&view=grid`);
  await settled(page);
  await tiles(page).first().focus();
  for (let at = 0; at < 3; at += 1) {
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
  }
  await page.getByText("3 selected").waitFor();
  await page.keyboard.press("b");
  await said(page, "3 in the basket now");
  assert.equal(await page.locator("[data-basket-count]").textContent(), "3");
  assert.equal(await page.locator(".pick input:checked").count(), 0, "nothing is chosen any more");
  await tiles(page).nth(3).click();
  await page.waitForURL(/\/details\?/);
  await page.getByRole("button", { name: "Add to basket" }).click();
  await said(page, "4 in the basket now");
  await page.getByRole("button", { name: "Add to basket" }).click();
  await said(page, "Already in the basket");
  await page.goto(`${base}/search?path=${folder}`);
  await page.locator(".pick input").last().check({ force: true });
  await page.getByRole("toolbar").getByRole("button", { name: "Add to basket" }).click();
  await said(page, "in the basket");
}

const order = (page) => page.locator("[data-arrange] > li").evaluateAll((items) => items.map((one) => one.dataset.image));

async function arrange(page) {
  await page.getByRole("link", { name: "Basket" }).click();
  await arrived(page, page.getByRole("heading", { name: "Basket", exact: true }));
  await settled(page);
  const before = await order(page);
  assert.ok(before.length >= 4, `${before.length} pictures were gathered`);
  // By keyboard: the focus stays with the picture that moves.
  await page.locator('[data-move="later"] button').first().focus();
  await page.keyboard.press("Enter");
  await said(page, "is now number 2");
  assert.deepEqual((await order(page)).slice(0, 2), [before[1], before[0]]);
  const focused = await page.evaluate(() => document.activeElement.closest("li")?.dataset.image);
  assert.equal(focused, before[0], "the focus stays");
  await page.keyboard.press("Enter");
  await said(page, "is now number 3");
  // By mouse: the third before the first.
  const items = page.locator("[data-arrange] > li");
  await items.nth(2).dragTo(items.nth(0), { targetPosition: { x: 8, y: 40 } });
  await page.waitForFunction((id) => document.querySelector("[data-arrange] > li").dataset.image === id, before[0]);
  const now = await order(page);
  await page.reload();
  assert.deepEqual(await order(page), now, "the order is kept");
  await page.locator("[data-take-out] button").last().click();
  const has = (count) =>
    page.waitForFunction((wanted) => document.querySelectorAll("[data-arrange] > li").length === wanted, count);
  await has(now.length - 1);
  // What is taken out in another tab is gone here too, as soon as anything is done with it.
  const [folio, gone] = [await page.locator("[data-arrange]").getAttribute("data-arrange"), now.at(-2)];
  await api(page, "DELETE", `/portfolios/${folio}/images/${gone}`);
  await page.locator(`[data-image="${gone}"] [data-move="earlier"] button`).click();
  await said(page, "changed elsewhere");
  await has(now.length - 2);
  await api(page, "POST", "/basket/images", { form: { image_ids: gone } });
  await page.reload();
  await has(now.length - 1);
}

async function change(page) {
  await page.getByRole("link", { name: /^Change how/ }).first().click();
  const shown = page.locator("[data-stage] [data-preview]");
  await arrived(page, shown);
  await settled(page);
  const before = await shown.getAttribute("src");
  const query = (text) => page.locator("[data-tried-query]", { hasText: text }).waitFor();
  const keep = page.getByRole("button", { name: "Save" });
  // Words and sliders, as on the publish page; groups without a value are closed.
  await page.getByText("Format and colour").click();
  await page.getByRole("combobox", { name: "Format", exact: true }).selectOption({ label: "WebP" });
  await query("format=webp");
  await page.getByLabel("Quality, slider").focus();
  await page.keyboard.press("End");
  await query("quality=100");
  const angle = page.getByRole("spinbutton", { name: "Rotation angle", exact: true });
  assert.equal(await angle.isVisible(), false);
  await page.getByText("Rotation and mirroring").click();
  await angle.fill("90");
  await page.waitForFunction((src) => document.querySelector("[data-stage] [data-preview]").getAttribute("src") !== src, before);
  // What is wrong is told where it stands, and cannot be kept; the last picture stays.
  await page.locator('input[name="width"]').fill("-5");
  await page.locator('[data-control="width"] [data-fault]', { hasText: "must be" }).waitFor();
  assert.ok(await keep.isDisabled());
  assert.ok(await shown.isVisible());
  await page.locator('input[name="width"]').fill("600");
  await query("width=600");
  assert.ok(await keep.isEnabled());
  // What only making it tells is told there, too.
  await page.getByText("Overlay", { exact: true }).click();
  await page.locator('input[name="overlay"]').fill("no/such/file.png");
  await page.locator('[data-control="overlay"] [data-fault]').filter({ hasText: /\w/ }).waitFor();
  await page.locator('input[name="overlay"]').fill("");
  await page.waitForFunction(() => !document.querySelector("[data-tried-query]").textContent.includes("overlay"));
  await settled(page);
  await picture(page, "portfolio-picture-tried");
  await crop(page);
  await keep.click();
  await arrived(page, page.getByRole("status").filter({ hasText: "The change has been saved" }));
  await page.locator("[data-arrange] p", { hasText: "Rotation angle: 90" }).filter({ hasText: "To the right:" }).waitFor();
}

// A part is chosen on the picture: drawn, made square, moved by key; fields say the same, and choose it, too.
async function crop(page) {
  const value = async (name) => Number(await page.locator(`input[name="${name}"]`).inputValue());
  const near = (found, expected) => assert.ok(Math.abs(found - expected) < 0.02, `${found}, not ${expected}`);
  const shown = () => page.evaluate(() => document.querySelector("[data-tried-query]").textContent);
  await page.getByRole("button", { name: "Crop", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".cropping > img")?.naturalWidth > 0);
  const whole = page.locator(".cropping > img");
  await whole.scrollIntoViewIfNeeded();
  const box = await whole.boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(0.25, 0.2));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.5), { steps: 4 });
  await page.mouse.move(...at(0.75, 0.6), { steps: 4 });
  await page.mouse.up();
  for (const [name, expected] of [["left", 0.25], ["top", 0.2], ["right", 0.75], ["bottom", 0.6]]) {
    near(await value(name), expected);
  }
  await page.locator("[data-facts]", { hasText: "Kept: 50" }).waitFor();
  await page.locator("[data-tried-query]", { hasText: `right=${await value("right")}` }).waitFor();
  await picture(page, "portfolio-picture-crop-desktop-light");
  await page.locator("[data-aspect]").selectOption("1:1");
  const left = await value("left");
  await page.getByRole("button", { name: /^Crop area/ }).press("ArrowRight");
  near((await value("left")) - left, 0.01);
  await page.locator("[data-tried-query]", { hasText: `left=${await value("left")}` }).waitFor();
  await page.getByRole("button", { name: "Result", exact: true }).click();
  await page.waitForFunction(() => {
    const { naturalWidth, naturalHeight } = document.querySelector("[data-stage] [data-preview]") ?? {};
    return naturalWidth > 0 && Math.abs(naturalWidth - naturalHeight) <= 2;
  });
  // By numbers.
  await page.locator('details.controls:has(input[name="left"]) > summary').click();
  await page.locator('input[name="left"]').fill("0.1");
  await page.locator("[data-tried-query]", { hasText: "left=0.1&" }).waitFor();
  await page.getByRole("button", { name: "Crop", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".crop-frame").style.left === "10%");
  await page.setViewportSize(SIZES.phone);
  await whole.scrollIntoViewIfNeeded();
  await picture(page, "portfolio-picture-crop-phone-light");
  await accessible(page, "portfolio-picture-crop");
  await page.setViewportSize(SIZES.desktop);
  await page.getByRole("button", { name: "Whole picture" }).click();
  await page.waitForFunction(() => !/left=|right=/.test(document.querySelector("[data-tried-query]").textContent));
  assert.match(await shown(), /angle=90/);
  await page.locator('input[name="right"]').fill("0.5");
  await page.locator("[data-tried-query]", { hasText: "right=0.5" }).waitFor();
  await page.getByRole("button", { name: "Result", exact: true }).click();
}

async function share(page) {
  await page.getByRole("button", { name: "Settings" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name", { exact: true }).fill("A walk in spring");
  await sheet.getByLabel("Description").fill("What was seen on the way, for the press and for friends.");
  await sheet.getByLabel("Short name in the address").fill("not/possible");
  await sheet.locator('select[name="public_access"]').selectOption("20");
  await picture(page, "portfolio-settings");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").filter({ hasText: "Short name in the address" }).waitFor();
  await sheet.getByLabel("Short name in the address").fill(NAME);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/portfolios/${NAME}/edit`));
  await page.getByRole("button", { name: "Publish" }).first().click();
  await sheet.getByLabel("Description").fill("For the press");
  await sheet.locator('select[name="image_parameters"]').selectOption({ label: "For screens (1920 pixels, JPEG)" });
  await picture(page, "portfolio-publish");
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await page.getByRole("status").filter({ hasText: "The file is being made." }).waitFor();
  const made = page.locator(".exports").getByRole("link", { name: "Download" });
  await made.waitFor({ timeout: TASKS_MS });
  // The page is where each of these leads back to.
  for (const [name, count] of [["Second file", 2], ["Third file", 3]]) {
    await page.getByRole("button", { name: "Publish" }).first().click();
    await sheet.getByLabel("Description").fill(name);
    await sheet.getByRole("button", { name: "Publish" }).click();
    await page.locator(".exports", { hasText: name }).waitFor();
    await made.nth(count - 1).waitFor({ timeout: TASKS_MS });
  }
  for (const name of ["Second file", "Third file"]) {
    await page.locator(".exports li").filter({ hasText: name }).getByRole("button", { name: /^Delete/ }).click();
    await page.locator(".exports li").filter({ hasText: name }).waitFor({ state: "detached" });
  }
  await arrived(page, page.locator(".exports", { hasText: "For the press" }));
}

async function look(browser) {
  const page = await visitor(browser);
  await page.goto(`${base}/portfolios`);
  await page.getByRole("link", { name: /A walk in spring/ }).click();
  await arrived(page, page.locator("[data-show]"));
  await settled(page);
  assert.equal(await page.getByRole("link", { name: "Edit" }).count(), 0, "a visitor may not edit");
  const links = page.locator("[data-show] a");
  const count = await links.count();
  await links.first().click();
  await page.locator(".pswp--open").waitFor();
  await page.locator(".pswp__counter", { hasText: `1 / ${count}` }).waitFor();
  await page.waitForFunction(() => document.activeElement?.closest(".pswp"));
  // What is said of it stands for it, as in the grid; both are told under it.
  assert.equal(await links.first().locator("img").getAttribute("alt"), SAID.description);
  await page.locator(`.pswp__img[alt="${SAID.description}"]`).first().waitFor({ state: "attached" });
  await page.locator(".pswp__caption", { hasText: `${SAID.title} – ${SAID.description}` }).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.locator(".pswp__counter", { hasText: `2 / ${count}` }).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll(".pswp__img")].some((one) => one.complete && one.naturalWidth > 800));
  await picture(page, "portfolio-large");
  await page.keyboard.press("Escape");
  await page.locator(".pswp").waitFor({ state: "detached" });
  // The focus comes back.
  await page.waitForFunction(() => document.activeElement === document.querySelector("[data-show] a"));
  const href = await page.getByRole("link", { name: /For the press/ }).getAttribute("href");
  const zip = await (await page.request.get(base + href)).body();
  assert.equal(zip.subarray(0, 2).toString(), "PK");
  assert.equal(entries(zip), count, "every picture is in the file");
  await shoot(page, "portfolio", `/portfolios/${NAME}/`);
  await shoot(page, "portfolios-visitor", "/portfolios");
  await page.context().close();
  const plain = await visitor(browser, { javaScriptEnabled: false });
  await plain.goto(`${base}/portfolios/${NAME}/`);
  assert.equal(await plain.locator("[data-show] a").count(), count);
  const large = await plain.request.get(base + (await plain.locator("[data-show] a").first().getAttribute("href")));
  assert.match(large.headers()["content-type"], /^image\//);
  await plain.context().close();
}

// How many entries the directory at the end of a zip file has (APPNOTE.TXT, 4.3.16).
function entries(zip) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  return zip.readUInt16LE(end + 10);
}

async function tables(page, folder) {
  await page.goto(`${base}/browse?path=${folder}&view=list`);
  await settled(page);
  await page.locator(".pick input").first().check();
  await page.getByText("1 selected").waitFor();
  const href = await page.locator("[data-choice-table]").getAttribute("href");
  const table = await (await page.request.get(href)).text();
  const [, src] = /\r\n"([^"]+)"/.exec(table);
  assert.equal(table.trim().split("\r\n").length, 2, "a line for the chosen one");
  await picture(page, "browse-list-chosen");
  // What no address can say is told, and nothing is left out.
  const link = page.locator("[data-choice-table]");
  await link.evaluate((at) => (at.href += `&x=${"x".repeat(7000)}`));
  await page.locator(".pick input").nth(1).check({ force: true });
  await link.click();
  await said(page, "Too many pictures for one CSV file.");
  await page.getByRole("button", { name: "Folder actions" }).click();
  await picture(page, "browse-folder-menu");
  await page.getByRole("link", { name: "Export and import" }).click();
  await arrived(page, page.getByLabel("Or paste it here"));
  await shoot(page, "table", new URL(page.url()).pathname + new URL(page.url()).search);
  await page.getByLabel("Or paste it here").fill(`src,title,tags\n${src},Brought in at ${Date.now()},"table; flow"\nno/such.jpg,x,\n`);
  await page.getByRole("button", { name: "Show changes" }).click();
  await arrived(page, page.getByText("One picture would change."));
  await picture(page, "table-shown");
  await page.getByRole("button", { name: "Change one picture" }).click();
  // A page says what came of each line: this one has been taken over, the other is told of.
  await arrived(page, page.getByRole("alert").filter({ hasText: "One picture was changed. One line cannot be used." }));
  await page.getByRole("row", { name: /^3 no\/such\.jpg/ }).waitFor();
  await picture(page, "table-outcome");
  await page.goto(`${base}/search?tag=flow`);
  assert.equal(await tiles(page).count(), 1);
}

async function dragIntoFolder(page, folder) {
  await api(page, "POST", "/admin/filesystem/folders/", { form: { path: `/${folder}/dragged` } });
  for (const view of ["grid", "list"]) {
    await page.goto(`${base}/browse?path=${folder}&view=${view}`);
    await settled(page);
    const item = page.locator("[data-grid] > [data-id]").last();
    const id = await item.getAttribute("data-id");
    await item.dragTo(page.locator('.folder[data-folder$="/dragged"]'));
    await said(page, "1 picture moved to");
    assert.equal(await page.locator(`[data-grid] > [data-id="${id}"]`).count(), 0);
  }
  await page.goto(`${base}/browse?path=${folder}/dragged&view=grid`);
  assert.equal(await tiles(page).count(), 2, "both are there");
  // Deleted and put back.
  await page.locator(".pick input").first().check({ force: true });
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".tile").length === 1);
  await page.goto(`${base}/admin/recycled`);
  await page.getByRole("button", { name: /^Restore/ }).first().click();
  await page.getByRole("status").filter({ hasText: "Restored as" }).waitFor();
}

// A code of this moment (RFC 6238).
function codeOf(secret) {
  const bits = [...secret.replace(/ /g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

// The button of a part of the page puts a text into the clipboard, and says so itself.
async function copied(page, part, text) {
  await part.getByRole("button", { name: "Copy", exact: true }).first().click();
  await part.getByRole("button", { name: "Copied" }).first().waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  assert.equal(await page.locator(".toast").count(), 0, "nothing lies over the page");
}

async function account(page) {
  await page.goto(`${base}/account`);
  const fields = await page.evaluate(() => {
    const form = document.querySelector('form[action*="/do/put/admin/users/"]');
    return { id: /users\/(\d+)/.exec(form.action)[1], ...Object.fromEntries(new FormData(form)) };
  });
  const allowed = await page.request.put(`${base}/api/v1/admin/users/${fields.id}/`, {
    headers: { "X-CSRF-Token": fields._csrf_token },
    form: { ...fields, allow_api: "true" },
  });
  assert.ok(allowed.ok(), await allowed.text());
  await page.reload();
  await page.getByRole("button", { name: "Set up two-step sign-in" }).click();
  await page.locator("svg.code").waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const told = page.getByRole("group", { name: "Or enter this secret" });
  const secret = await told.textContent();
  await copied(page, page.locator('section[aria-labelledby="second"]'), secret.replace(/ /g, ""));
  await shoot(page, "account-second", "/account");
  await page.setViewportSize(SIZES.phone);
  const cut = await told.evaluate((code) => code.scrollWidth - code.clientWidth);
  assert.ok(cut <= 0, `${cut} pixels of the secret cannot be seen`);
  await page.setViewportSize(SIZES.desktop);
  await page.getByLabel("Code", { exact: true }).fill(codeOf(secret));
  await page.keyboard.press("Enter");
  await arrived(page, page.getByRole("heading", { name: "Recovery codes" }));
  await picture(page, "recovery-codes");
  const codes = await page.locator(".secrets code").allTextContents();
  await copied(page, page.locator("main"), codes.join("\n"));
  const [recovery] = codes;
  await page.getByRole("link", { name: "I have saved it" }).click();
  await arrived(page, page.getByRole("button", { name: "Switch off two-step sign-in" }));
  await page.getByLabel("Authenticator code or recovery code").fill(recovery);
  await page.getByRole("button", { name: "Switch off two-step sign-in" }).click();
  await arrived(page, page.getByRole("status").filter({ hasText: "switched off" }));

  const create = async (name) => {
    await page.locator('input[name="name"]').fill(name);
    await page.getByRole("button", { name: "Create key" }).click();
    await arrived(page, page.getByRole("heading", { name: "Your new key" }));
  };
  await create("Another export");
  await page.getByRole("link", { name: "I have saved it" }).click();
  await arrived(page, page.getByRole("button", { name: /Another export/ }));
  await create("Nightly export");
  const key = await page.locator("input.secret").inputValue();
  assert.match(key, /^htk_/);
  await copied(page, page.locator("main"), key);
  await picture(page, "new-key");
  await page.getByRole("link", { name: "I have saved it" }).click();
  await arrived(page, page.getByRole("button", { name: /Nightly export/ }));
  await shoot(page, "account-keys", "/account");
  // The second time the page is where it leads to.
  for (const name of [/Nightly export/, /Another export/]) {
    await page.getByRole("button", { name }).click();
    await page.getByRole("button", { name }).waitFor({ state: "detached" });
    await arrived(page, page.getByRole("status").filter({ hasText: "revoked" }));
  }
}

async function guides(page) {
  for (const [name, address] of [
    ["help-imaging", "/help"],
    ["help-viewers", "/help/viewers"],
    ["help-api", "/help/api"],
  ]) {
    await shoot(page, name, address);
  }
  await page.goto(`${base}/help/api`);
  await page.getByRole("searchbox", { name: "Search this guide" }).fill("basket images");
  await page.waitForFunction(() => [...document.querySelectorAll(".call")].filter((one) => !one.hidden).length < 12);
  await page.locator("#post_basket_images summary").click();
  await picture(page, "help-api-found");
  await page.goto(`${base}/help/viewers`);
  await page.locator("halftone-zoom canvas").first().waitFor();
  await copied(page, page.locator("section", { has: page.locator("#zoom") }), await page.locator("pre").first().textContent());
  await page.locator("halftone-gallery button").first().click();
  await page.locator(".pswp--open").waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${base}/help#p-gravity`);
  await settled(page);
  await picture(page, "help-parameter");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await picture(page, "keys");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByRole("button", { name: "Close" }).click();
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor({ state: "hidden" });
}

await run("portfolios, tables, account and guides", async (browser) => {
  const page = await visitor(browser);
  await signIn(page);
  const folder = "scenes";
  await shoot(page, "portfolios-empty", "/portfolios");
  await gather(page, folder);
  await arrange(page);
  await change(page);
  await share(page);
  const [described] = await order(page);
  await api(page, "PATCH", `/admin/images/${described}`, { form: SAID });
  await shoot(page, "portfolio-edit", `/portfolios/${NAME}/edit`);
  await shoot(page, "portfolios", "/portfolios");
  await shoot(page, "portfolio-picture", await page.evaluate(async (address) => {
    const text = await (await fetch(address)).text();
    return new DOMParser().parseFromString(text, "text/html").querySelector('a[href*="/images/"]').getAttribute("href");
  }, `/portfolios/${NAME}/edit`));
  await look(browser);
  await page.goto(`${base}/portfolios/${NAME}/edit`);
  await api(page, "PATCH", `/admin/images/${described}`, { form: { title: "", description: "" } });
  await tables(page, folder);
  await dragIntoFolder(page, folder);
  await account(page);
  await guides(page);
  // What is left of this is taken away, for those who come after.
  await page.goto(`${base}/portfolios/${NAME}/edit`);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Delete portfolio" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("status").filter({ hasText: "The portfolio has been deleted." }).waitFor();
});
