// Choosing many pictures: by keyboard alone, on a phone, among what was found, together with other editors; folders
// that are offered; a move that is taken back.
//
//   HALFTONE_ADMIN_PASSWORD=… node choose.mjs BASE_URL SCREENSHOTS_DIR

import assert from "node:assert/strict";
import { SIZES, accessible, api, arrived, base, picture, run, said, settled, signIn, visitor } from "./support/session.mjs";
import { until } from "./support/wait.mjs";

const MANY = 105;
const UPLOAD_MS = 300_000;
const NAME = `choose ${Date.now()}`;
const FOLDER = `/${NAME}`;
const BROWSE = `/browse?path=${encodeURIComponent(NAME)}`;
const FOUND = `/search?order=path&path=${encodeURIComponent(FOLDER)}`;

// One grey pixel.
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);

const tiles = (page) => page.locator("[data-grid] > [data-id]");
const names = (page) => tiles(page).evaluateAll((all) => all.map((tile) => tile.dataset.path.split("/").pop()));
const listed = async (page, folder) =>
  (await api(page, "GET", `/list?path=${encodeURIComponent(folder)}`)).map(({ filename }) => filename);

async function fill(page) {
  for (const path of [FOLDER, `${FOLDER}/a quay`, `${FOLDER}/b quay`, `${FOLDER}/b quay/deep`]) {
    await api(page, "POST", "/admin/filesystem/folders", { form: { path } });
  }
  const form = new FormData();
  form.append("path", FOLDER);
  form.append("overwrite", "no");
  for (let number = 1; number <= MANY; number++) {
    form.append("files", new File([PIXEL], `${number}.png`, { type: "image/png" }));
  }
  await api(page, "POST", "/upload", { multipart: form, timeout: UPLOAD_MS });
}

// What has the focus, as far as it matters here.
const focus = (page) => page.evaluate(() => {
  const at = document.activeElement;
  const tile = at.closest("[data-grid] > [data-id]")?.dataset.path.split("/").pop();
  return tile ?? at.textContent.trim();
});

// Goes on with a key until something has the focus; tells how often it took.
async function press(page, key, wanted, most = 60) {
  for (let count = 1; count <= most; count++) {
    await page.keyboard.press(key);
    if (wanted.test(await focus(page))) return count;
  }
  throw new Error(`${most} times ${key}, and the focus is on ${await focus(page)}, not on ${wanted}`);
}

const types = (page, text) => page.keyboard.type(text);

// No mouse from here to its end: pictures are chosen, tagged, moved and deleted.
async function byKeyboardAlone(page) {
  await page.goto(base + BROWSE);
  await settled(page);
  await press(page, "Tab", /^1\.png$/);
  // The grid is one stop of Tab: what can be done with the chosen pictures comes next.
  await page.keyboard.press("Space");
  await page.getByText("1 selected").waitFor();
  assert.equal(await press(page, "Tab", /^Select all/), 1);
  assert.equal(await press(page, "Shift+Tab", /^1\.png$/), 1);
  await press(page, "ArrowRight", /^2\.png$/, 1);
  await page.keyboard.press("Space");
  await page.getByText("2 selected").waitFor();
  await clearOf(page, page.getByRole("toolbar"));
  await page.keyboard.press("e");
  await page.locator("dialog#choice-edit:modal").waitFor();
  await types(page, "By key");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await types(page, "keyed");
  await page.keyboard.press("Enter");
  await said(page, "2 pictures changed");
  // The focus is where it was, and Tab comes back to it.
  await page.locator("dialog#choice-edit").waitFor({ state: "hidden" });
  assert.equal(await focus(page), "2.png");
  // All of them, those of the next page too.
  await page.keyboard.press("Space");
  assert.equal(await press(page, "Tab", /^Select all/), 1);
  await page.keyboard.press("Enter");
  await press(page, "Shift+Tab", /^2\.png$/, 1);
  await page.keyboard.press("Control+a");
  await page.getByText(`${MANY} selected`).waitFor();
  await page.keyboard.press("Escape");
  await press(page, "End", new RegExp(`^${MANY}\\.png$`), 1);
  await press(page, "Home", /^1\.png$/, 1);
  // Moved into a folder that is offered, not typed.
  await page.keyboard.press("Space");
  await page.getByText("1 selected").waitFor();
  await page.keyboard.press("m");
  await page.locator("dialog#choice-move:modal").waitFor();
  await page.locator("dialog#choice-move .offered button").filter({ hasText: "b quay" }).waitFor();
  await press(page, "ArrowDown", /^b quay$/);
  await page.keyboard.press("Enter");
  const field = page.locator("dialog#choice-move input[name=folder]");
  await until("the folder has been taken over", async () => (await field.inputValue()) === `${FOLDER}/b quay`);
  await page.locator("dialog#choice-move .offered button").filter({ hasText: "deep" }).waitFor();
  await picture(page, "offered-folders-desktop-light");
  await accessible(page, "the sheet with folders that are offered");
  await press(page, "Tab", /^Move$/);
  await page.keyboard.press("Enter");
  await said(page, "1 picture moved to");
  await page.getByText(`${MANY - 1} pictures`, { exact: true }).waitFor();
  // What had the focus has gone; the next one has it.
  await until("the next one has the focus", async () => (await focus(page)) === "2.png");
  await page.keyboard.press("Space");
  await page.keyboard.press("Delete");
  await page.locator("dialog#choice-delete:modal").waitFor();
  await page.getByRole("heading", { name: "Delete 1 picture?" }).waitFor();
  await press(page, "Shift+Tab", /^Delete$/, 3);
  await page.keyboard.press("Enter");
  await said(page, "1 picture deleted");
  await page.getByText(`${MANY - 2} pictures`, { exact: true }).waitFor();
  await until("the one after it has the focus", async () => (await focus(page)) === "3.png");
  assert.deepEqual(await listed(page, `${FOLDER}/b quay`), ["1.png"]);
  const found = await api(page, "GET", `/search?q=keyed&path=${encodeURIComponent(FOLDER)}`);
  assert.deepEqual(found.map(({ filename, title }) => [filename, title]), [["1.png", "By key"]]);
}

// Shift and the arrow keys choose what is passed, and let go of it on the way back.
async function extendByKey(page) {
  await page.goto(base + BROWSE);
  await settled(page);
  const chosen = () => page.locator("[data-grid] > [data-id]:has(:checked)").evaluateAll((all) =>
    all.map((tile) => tile.dataset.path.split("/").pop()));
  const all = await names(page);
  await tiles(page).nth(1).locator("> a").focus();
  for (const count of [2, 3]) {
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByText(`${count} selected`).waitFor();
  }
  assert.deepEqual(await chosen(), all.slice(1, 4));
  for (let turn = 0; turn < 3; turn++) await page.keyboard.press("Shift+ArrowLeft");
  assert.deepEqual(await chosen(), all.slice(0, 2));
  await page.keyboard.press("Escape");
  assert.deepEqual(await chosen(), []);
  // A row further, and from another place.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowDown");
  const reached = all.indexOf(await focus(page));
  assert.ok(reached > 2, `${reached} is in the next row`);
  assert.deepEqual(await chosen(), all.slice(1, reached + 1));
  await page.keyboard.press("Shift+Home");
  assert.deepEqual(await chosen(), all.slice(0, 2));
  await page.keyboard.press("?");
  await page.locator("dialog#keys:modal").getByText("Extend the selection").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog#keys").waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
}

// What is told to stop ends what it has begun, and no more; meanwhile nothing is sent twice, and the page asks before it is
// left.
async function stopMany(page) {
  const CHOSEN = 20;
  const bar = page.getByRole("toolbar");
  const asksFirst = () => page.evaluate(() =>
    !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
  const ways = {
    Cancel: (sheet) => sheet.getByRole("button", { name: "Cancel" }).click(),
    Escape: () => page.keyboard.press("Escape"),
    veil: () => page.mouse.click(5, 300),
  };
  const works = [
    ["Cancel", "Delete", "Delete", "DELETE", "**/api/v1/admin/filesystem/images/*"],
    ["Escape", "Edit details", "Save", "PATCH", "**/api/v1/admin/images/*"],
    ["veil", "Move", "Move", "PUT", "**/api/v1/admin/filesystem/images/*"],
  ];
  for (const [way, name, go, method, address] of works) {
    await page.goto(base + BROWSE);
    await settled(page);
    const before = await names(page);
    await tiles(page).first().locator("> a").focus();
    for (let count = 1; count < CHOSEN; count++) await page.keyboard.press("Shift+ArrowRight");
    await page.getByText(`${CHOSEN} selected`).waitFor();
    const held = [];
    let isHolding = true;
    await page.route(address, (route) => {
      assert.equal(route.request().method(), method);
      if (isHolding) held.push(route);
      else return route.continue();
    });
    await bar.getByRole("button", { name, exact: true }).click();
    const sheet = page.getByRole("dialog");
    if (name === "Delete") await sheet.getByRole("heading", { name: `Delete ${CHOSEN} pictures?` }).waitFor();
    if (name === "Edit details") {
      await sheet.getByRole("button", { name: go, exact: true }).click();
      await sheet.getByRole("alert").filter({ hasText: "Nothing was entered" }).waitFor();
      await sheet.getByLabel("Add tags").fill("stopped");
    }
    if (name === "Move") await sheet.getByLabel("Path of the folder").fill(`${FOLDER}/a quay`);
    assert.ok(!(await asksFirst()));
    const button = sheet.getByRole("button", { name: go, exact: true });
    await button.click();
    await until("some are on their way", () => held.length === 4);
    await button.click();
    assert.ok(await asksFirst(), "whoever leaves the page is asked");
    await ways[way](sheet);
    await sheet.getByRole("alert").filter({ hasText: "Stopping" }).waitFor();
    assert.equal(held.length, 4, "nothing was sent twice");
    isHolding = false;
    for (const route of held) await route.continue();
    await said(page, `Stopped: 4 of ${CHOSEN} done.`);
    await sheet.waitFor({ state: "hidden" });
    await page.getByText(`${CHOSEN - 4} selected`).waitFor();
    assert.ok(!(await asksFirst()));
    await page.unroute(address);
    const after = await names(page);
    assert.deepEqual(after.slice(0, 16), name === "Edit details" ? before.slice(0, 16) : before.slice(4, 20));
    if (name !== "Edit details") continue;
    // What was typed is still there, for the others.
    await bar.getByRole("button", { name, exact: true }).click();
    assert.equal(await sheet.getByLabel("Add tags").inputValue(), "stopped");
    await button.click();
    await said(page, `${CHOSEN - 4} pictures changed`);
    const id = await tiles(page).nth(CHOSEN - 1).getAttribute("data-id");
    assert.ok((await api(page, "GET", `/admin/images/${id}/tags`)).includes("stopped"));
  }
}

// Those who have switched single keys off press them for nothing; the sheet of keys tells of them.
async function keysAreOff(page) {
  await page.goto(base + BROWSE);
  await page.keyboard.press("?");
  const sheet = page.locator("dialog#keys:modal");
  for (const text of ["Edit the selection", "Move the selection", "Delete the selection"]) {
    await sheet.getByText(text).waitFor();
  }
  await page.keyboard.press("Escape");
  for (const [name, works] of [["Off", false], ["On", true]]) {
    await page.goto(`${base}/account`);
    const group = page.getByRole("group", { name: "Keyboard shortcuts" });
    await group.getByRole("button", { name, exact: true }).click();
    await arrived(page, group.locator('[aria-pressed="true"]', { hasText: name }));
    for (const [key, sheet] of [["e", "edit"], ["m", "move"], ["Delete", "delete"]]) {
      await page.goto(base + BROWSE);
      await tiles(page).first().locator("a").focus();
      await page.keyboard.press("Space");
      await page.getByText("1 selected").waitFor();
      await page.keyboard.press(key);
      assert.equal(await page.locator(`dialog#choice-${sheet}`).evaluate((one) => one.open), works, `${key}, ${name}`);
    }
  }
}

// What another editor says while the sheet is open stays.
async function besideAnother(page) {
  await page.goto(base + BROWSE);
  const id = await tiles(page).first().getAttribute("data-id");
  await tiles(page).first().locator("a").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("e");
  await page.getByLabel("Title").fill("Ours");
  await page.getByLabel("Add tags").fill("ours");
  await api(page, "PUT", `/admin/images/${id}`, { form: { title: "Theirs", description: "Theirs" } });
  await api(page, "PUT", `/admin/images/${id}/tags`, { form: { tags: "theirs" } });
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await page.keyboard.press("Enter");
  assert.deepEqual([...new URLSearchParams((await sent).postData())], [["title", "Ours"], ["add", "ours"]]);
  await said(page, "1 picture changed");
  const { title, description } = await api(page, "GET", `/admin/images/${id}`);
  assert.deepEqual([title, description], ["Ours", "Theirs"]);
  assert.deepEqual(await api(page, "GET", `/admin/images/${id}/tags`), ["ours", "theirs"]);
}

// Found pictures are changed where that may be; of the others it is told why not, one by one.
async function amongFound(page) {
  await until("they are found", async () => {
    await page.goto(base + FOUND);
    return (await tiles(page).count()) === 100;
  });
  const [refused, ...others] = (await names(page)).slice(0, 3);
  const ids = await tiles(page).evaluateAll((all) => all.slice(0, 3).map((tile) => tile.dataset.id));
  await page.route(`**/api/v1/admin/images/${ids[0]}`, (route) =>
    route.fulfill({ status: 403, contentType: "application/json", body: JSON.stringify({ status: 403, message: "Not yours", data: null }) }),
  );
  for (const at of [0, 1, 2]) await tiles(page).nth(at).locator(".pick input").check({ force: true });
  await page.getByRole("toolbar").getByRole("button", { name: "Edit details" }).click();
  await page.getByLabel("Add tags").fill("found");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  const alert = page.getByRole("dialog").getByRole("alert").filter({ hasText: "1 of 3 pictures could not be changed." });
  await alert.waitFor();
  assert.match(await alert.textContent(), new RegExp(`${refused}: Not yours`));
  await picture(page, "some-refused-desktop-light");
  await page.keyboard.press("Escape");
  await page.getByText("1 selected").waitFor();
  await page.unroute(`**/api/v1/admin/images/${ids[0]}`);
  for (const id of ids.slice(1)) {
    assert.ok((await api(page, "GET", `/admin/images/${id}/tags`)).includes("found"), others.join());
  }
  // What may not be done with any of the chosen ones is not offered.
  const bar = page.getByRole("toolbar");
  const as = (words) => tiles(page).first().evaluate((tile, may) => {
    tile.dataset.may = may;
    tile.querySelector("input").dispatchEvent(new Event("change", { bubbles: true }));
  }, words);
  await as("edit");
  await bar.getByRole("button", { name: "Move" }).waitFor({ state: "hidden" });
  assert.ok(await bar.getByRole("button", { name: "Edit details" }).isVisible());
  await as("nothing");
  await bar.getByRole("button", { name: "Edit details" }).waitFor({ state: "hidden" });
  await as("edit delete");
  // What is moved stays found, at its new place.
  await page.goto(`${base}${FOUND}&tag=found`);
  await tiles(page).first().locator(".pick input").check({ force: true });
  await bar.getByRole("button", { name: "Move" }).click();
  await page.getByRole("dialog").getByLabel("Path of the folder").fill(`${FOLDER}/a quay`);
  await page.getByRole("dialog").getByRole("button", { name: "Move", exact: true }).click();
  await said(page, "1 picture moved to");
  const moved = page.locator(`[data-grid] > [data-id="${ids[1]}"]`);
  await until("its tile leads to its new place", async () =>
    (await moved.locator("> a").getAttribute("href")).includes("a%20quay"));
  assert.equal(await tiles(page).count(), 2);
  await page.getByText("2 pictures", { exact: true }).waitFor();
}

// What is said for a moment does not lie over the bar.
async function clearOf(page, bar) {
  const [said, top] = await bar.evaluate((place) => {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = "Said";
    document.getElementById("toasts").append(toast);
    const { bottom } = toast.getBoundingClientRect();
    toast.remove();
    return [bottom, place.getBoundingClientRect().top];
  });
  assert.ok(said <= top, `it ends at ${said}, and the bar begins at ${top}`);
}

// On a phone all of the bar is in view, in two rows; folders are offered to a finger.
async function onPhone(browser) {
  const page = await visitor(browser, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  await signIn(page, undefined, undefined, BROWSE);
  await settled(page);
  for (const at of [0, 1]) await tiles(page).nth(at).locator(".pick").tap();
  const bar = page.getByRole("toolbar");
  await page.getByText("2 selected").waitFor();
  const boxes = await bar.evaluate((place) => [place, ...place.children].map((one) => {
    const { top, bottom, left, right } = one.getBoundingClientRect();
    return { top, bottom, left, right };
  }));
  const [place, ...items] = boxes.filter(({ top, bottom }) => bottom > top);
  assert.ok(place.bottom - place.top < 112, `the bar is ${place.bottom - place.top} high`);
  const rows = new Set(items.map(({ top, bottom }) => Math.round((top + bottom) / 2)));
  assert.equal(rows.size, 2, `middles of its rows: ${[...rows]}`);
  for (const { left, right, bottom } of [place, ...items]) {
    assert.ok(left >= 0 && right <= SIZES.phone.width && bottom <= SIZES.phone.height, `from ${left} to ${right}, ${bottom}`);
  }
  for (const name of ["Select all", "Add to basket", "Edit details", "Move", "Delete"]) {
    assert.ok(await bar.getByRole("button", { name, exact: true }).isVisible(), name);
  }
  await picture(page, "chosen-phone-light");
  await accessible(page, "the bar on a phone");
  await clearOf(page, bar);
  await bar.getByRole("button", { name: "Move" }).tap();
  const sheet = page.locator("dialog#choice-move:modal");
  const offered = sheet.locator(".offered button");
  await offered.filter({ hasText: "b quay" }).tap();
  await offered.filter({ hasText: "deep" }).tap();
  const field = sheet.getByLabel("Path of the folder");
  await until("the folder has been taken over", async () => (await field.inputValue()) === `${FOLDER}/b quay/deep`);
  await offered.filter({ hasText: "↑" }).tap();
  await until("one up", async () => (await field.inputValue()) === `${FOLDER}/b quay`);
  await picture(page, "offered-folders-phone-light");
  await page.context().close();
}

// A new folder can be put elsewhere than where one is; what is typed narrows what is offered.
async function placeNewFolder(page) {
  await page.goto(base + BROWSE);
  await page.getByRole("button", { name: "Folder actions" }).click();
  await page.getByRole("button", { name: "New folder" }).click();
  const sheet = page.locator("dialog#new-folder:modal");
  const field = sheet.getByLabel("In folder");
  await sheet.getByLabel("Name", { exact: true }).fill("new one");
  await field.focus();
  await sheet.locator(".offered button").filter({ hasText: "a quay" }).click();
  await until("it lies there", async () => (await field.inputValue()) === `${FOLDER}/a quay`);
  await sheet.getByRole("button", { name: "Create folder" }).click();
  await arrived(page, page.getByRole("status").filter({ hasText: "The folder has been created." }));
  const made = page.locator('.folder[data-folder$="/new one"]');
  await page.goto(`${base}/browse?path=${encodeURIComponent(`${FOLDER}/a quay`)}`);
  await made.waitFor();
  await page.goto(`${base}/search?path=${encodeURIComponent(`${FOLDER}/b`)}`);
  await page.locator("details.filter[open]").locator("input[name=path]").fill(`${FOLDER}/b`);
  const offered = page.locator(".filters .offered button");
  await until("only those are offered that go on so", async () =>
    (await offered.allTextContents()).filter((text) => !text.startsWith("↑")).join() === "b quay");
}

// Dragging moves at once; what follows offers to undo it.
async function takeBack(page) {
  await page.goto(base + BROWSE);
  await settled(page);
  const before = await names(page);
  for (const at of [1, 2]) await tiles(page).nth(at).locator(".pick input").check({ force: true });
  const quay = page.locator('.folder[data-folder$="/a quay"]');
  const held = Number(await quay.locator("[data-count]").getAttribute("data-count"));
  await tiles(page).nth(1).locator("> a").dragTo(quay);
  await said(page, "2 pictures moved to");
  const [one, two] = [before[1], before[2]];
  assert.ok((await listed(page, `${FOLDER}/a quay`)).includes(one));
  await quay.getByText(`${held + 2} pictures`, { exact: true }).waitFor();
  await picture(page, "moved-desktop-light");
  // One of them cannot come back: another has its place.
  const form = new FormData();
  form.append("path", FOLDER);
  form.append("overwrite", "no");
  form.append("files", new File([PIXEL], two, { type: "image/png" }));
  await api(page, "POST", "/upload", { multipart: form });
  await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
  await said(page, "1 picture moved back");
  await said(page, `${two}:`);
  assert.equal(await quay.locator("[data-count]").getAttribute("data-count"), String(held + 1));
  assert.deepEqual((await names(page)).slice(0, 2), before.slice(0, 2));
  assert.ok((await listed(page, FOLDER)).includes(one));
  assert.deepEqual((await listed(page, `${FOLDER}/a quay`)).filter((name) => name === one), []);
  assert.ok((await listed(page, `${FOLDER}/a quay`)).includes(two));
}

await run("choosing many", async (browser) => {
  const page = await visitor(browser);
  page.setDefaultTimeout(120_000);
  await signIn(page);
  await fill(page);
  await byKeyboardAlone(page);
  await keysAreOff(page);
  await besideAnother(page);
  await amongFound(page);
  await placeNewFolder(page);
  await takeBack(page);
  await extendByKey(page);
  await stopMany(page);
  await page.context().close();
  await onPhone(browser);
});
