// Reports and administration: permissions given and taken with what each of three people then sees, users and
// groups by mouse and by keyboard, templates with their preview, tasks, and pictures of every page.
//
//   HALFTONE_ADMIN_PASSWORD=… node admin.mjs BASE_URL SCREENSHOTS_DIR
//
// Works on a running `halftone serve` with the demo library.

import assert from "node:assert/strict";
import { SIZES, arrived, base, picture, run, settled, shoot, signIn, visitor } from "./support/session.mjs";
import { placeOf, until } from "./support/wait.mjs";

const PASSWORD = "correct horse battery";

// For how long work in the background may take, with all that is to be done before it.
const TASKS_MS = 600_000;

// By keyboard alone: from the list to the form, through its fields, and off.
async function makeUser(page, name) {
  await page.goto(`${base}/admin/users`);
  await page.getByRole("link", { name: "New user" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/admin/users/new`);
  await page.waitForFunction(() => document.activeElement?.name === "username");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type("Some");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Body");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("short");
  await page.keyboard.press("Enter");
  // A password that is too short is told in place by the browser itself.
  assert.equal(new URL(page.url()).pathname, "/admin/users/new");
  await page.getByLabel("Password", { exact: false }).last().fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/users\/\d+\?done=user-made/);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  return page.url().replace(/\?.*/, "");
}

async function makeGroup(page, name, member) {
  await page.goto(`${base}/admin/groups`);
  await page.getByRole("link", { name: "New group" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("See reports").check();
  await page.getByRole("button", { name: "Create group" }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  assert.ok(await page.getByLabel("See reports").isChecked());
  await page.getByRole("searchbox", { name: "Find a user to add" }).fill(member);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Add ${member}` }).click();
  await page.getByRole("button", { name: `Remove ${member}` }).waitFor();
}

async function setLevel(page, folder, group, level) {
  await page.goto(`${base}/admin/permissions?path=${encodeURIComponent(folder)}`);
  await page.getByLabel(`Level of ${group}`, { exact: true }).selectOption({ label: level });
  await page.getByRole("button", { name: `Set the level of ${group}` }).click();
  await page.getByText("The level has been set.").waitFor();
}

// Waits until an address is answered so: other workers hear of what was changed a moment later.
async function answers(page, address, expected) {
  await until(`${address} is answered with ${expected}`, async () => {
    const answer = await page.request.get(address);
    return answer.status() === expected;
  });
}

function sees(page, folder, expected) {
  return answers(page, `${base}/browse?path=${encodeURIComponent(folder)}`, expected);
}

async function permissions(admin, jo, kim, nobody) {
  const folder = "/scenes";
  await setLevel(admin, folder, "Public", "No access");
  await setLevel(admin, folder, "Normal users", "No access");
  await setLevel(admin, folder, "Painters", "Upload");
  await sees(jo, folder, 200);
  await sees(kim, folder, 403);
  await sees(nobody, folder, 403);
  await admin.goto(`${base}/admin/permissions?path=${folder}&group=1`);
  await settled(admin);
  await picture(admin, "permissions-set-desktop-light");
  await admin.goto(`${base}/admin/permissions/explain`);
  await admin.getByLabel("User", { exact: true }).fill("jo");
  await admin.getByLabel("Folder or picture").fill(folder);
  await admin.keyboard.press("Enter");
  await admin.getByText("Set for the group Painters in /scenes.").waitFor();
  await shoot(admin, "explain", `/admin/permissions/explain?user=jo&path=${folder}`);
  await admin.goto(`${base}/admin/permissions?path=${folder}`);
  for (const group of ["Public", "Normal users"]) {
    const clear = admin.getByRole("button", { name: `Clear the level of ${group}` });
    await clear.click();
    await clear.waitFor({ state: "detached" });
    await arrived(admin, admin.getByText("is inherited again"));
  }
  await sees(kim, folder, 200);
  await sees(nobody, folder, 200);
}

async function template(page) {
  await page.goto(`${base}/admin/templates/new`);
  await page.getByLabel("Name", { exact: true }).fill("Narrow");
  const written = async () => JSON.parse(await page.locator("textarea[name=template]").inputValue());
  await page.getByRole("spinbutton", { name: "Width", exact: true }).fill("160");
  await page.getByLabel("Lock Width").check();
  await page.getByText("Rotation and mirroring").click();
  await page.getByRole("combobox", { name: "Mirror", exact: true }).selectOption({ label: "Left to right" });
  // Nothing said is not the same as no; numbers, words and places are written as the API has them.
  await page.getByText("Format and colour").click();
  const strip = page.getByRole("combobox", { name: "Remove metadata" });
  assert.match(await strip.locator("option:checked").textContent(), /^Not set/);
  await strip.selectOption({ label: "No" });
  await page.getByLabel("Quality, slider").focus();
  // Where nothing is said a slider stands at its beginning, which can be chosen.
  await page.keyboard.press("Home");
  assert.deepEqual((await written()).quality, { value: 1 });
  await page.keyboard.press("End");
  assert.deepEqual(await written(), {
    width: { value: 160, locked: true },
    flip: { value: "h" },
    strip: { value: false },
    quality: { value: 100 },
  });
  await strip.selectOption("");
  await page.locator('input[name="quality"]').fill("");
  await page.waitForFunction(() => document.querySelector("[data-preview]")?.naturalWidth === 160);
  // What is wrong is told at its control.
  await page.getByText("Overlay", { exact: true }).click();
  const overlay = page.locator('[data-control="overlay"]');
  await overlay.locator("input[name]").fill("no/such/file.png");
  await overlay.locator("[data-fault]").filter({ hasText: /\w/ }).waitFor();
  await overlay.locator("input[name]").fill("");
  await page.waitForFunction(() => document.querySelector('[data-control="overlay"] [data-fault]').textContent === "");
  // Controls follow the JSON, whatever it calls them; what they do not touch stays as it is written.
  await page.locator("[data-json] > summary").click();
  const json = { width: { value: 160, locked: true }, flip: { value: "H" }, size_fit: { value: true }, expires: { value: 60 } };
  await page.locator("textarea[name=template]").fill(JSON.stringify(json));
  assert.equal(await page.locator('[data-control="autosizefit"] select').inputValue(), "1");
  const kept = page.getByRole("spinbutton", { name: "Browser cache time (seconds)", exact: true });
  assert.equal(await kept.inputValue(), "60");
  await kept.fill("");
  await page.locator('[data-control="autosizefit"] select').selectOption("");
  assert.deepEqual(await written(), { width: { value: 160, locked: true }, flip: { value: "H" } });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Narrow", level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector("[data-preview]")?.naturalWidth === 160);
  const src = await page.locator("[data-src]").inputValue();
  // What is locked no address can change.
  const address = `${base}/image?src=${encodeURIComponent(src)}&tmp=Narrow&width=300`;
  await answers(page, address, 200);
  const width = await page.evaluate(async (from) => {
    const image = new Image();
    image.src = from;
    await image.decode();
    return image.naturalWidth;
  }, address);
  assert.equal(width, 160);
  await shoot(page, "template", new URL(page.url()).pathname);
}

async function tasks(page) {
  await page.goto(`${base}/admin/maintenance`);
  await page.getByRole("button", { name: "Scan" }).click();
  await page.waitForURL(/admin\/tasks/);
  // The list follows by itself. Other work may have to be done before.
  const row = page.locator(".grants > li", { hasText: "Scan library" }).first();
  await row.getByText("Done").waitFor({ timeout: TASKS_MS });
  // What it asks for to do so keeps nobody signed in.
  await page.waitForRequest((request) => request.headers()["halftone-unattended"] === "1");
  await page.goto(`${base}/admin/cache`);
  await page.getByLabel("Original or folder").fill("/scenes");
  await page.getByRole("button", { name: "Rebuild" }).first().click();
  // The question says of what.
  await page.getByRole("dialog", { name: /\/scenes\?$/ }).waitFor();
  await picture(page, "cache-ask-desktop-light");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Rebuild" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Rebuild" }).click();
  await page.waitForURL(/admin\/tasks/);
  await page.getByText("Rebuild the pictures of /scenes").first().waitFor();
}

// On a phone the number that pictures are ranked by stands under the name, unless its column is beside it; fields for
// moments are as wide as what stands in them.
async function rankedOnPhones(page) {
  assert.equal(await page.locator(".ranked .brief").count(), 0);
  await page.goto(`${base}/reports?period=hour&sort=time`);
  const brief = page.locator(".ranked .brief").first();
  assert.equal(await brief.isVisible(), false);
  for (const input of await page.locator('.days input[type="datetime-local"]').all()) {
    const [width, natural] = await input.evaluate((field) => {
      const given = field.getBoundingClientRect().width;
      field.style.minInlineSize = "0";
      field.style.inlineSize = "max-content";
      const own = field.getBoundingClientRect().width;
      field.removeAttribute("style");
      return [given, own];
    });
    assert.ok(width >= natural && width >= 240, `${width} pixels, ${natural} of its own`);
  }
  await page.setViewportSize(SIZES.phone);
  assert.match(await brief.textContent(), /^\S.*: [\d.,]+\s(µs|ms|s)$/);
  const [left, right] = await brief.evaluate((one) => {
    const box = one.getBoundingClientRect();
    return [box.left, box.right];
  });
  assert.ok(left >= 0 && right <= SIZES.phone.width, `from ${left} to ${right}`);
  // What cannot be shown says so within its place.
  const lost = await page.locator(".ranked .subject").first().evaluate((subject) => {
    const place = document.createElement("span");
    place.className = "no-picture";
    place.textContent = JSON.parse(document.getElementById("words").textContent).unshowable;
    subject.prepend(place);
    const found = [place.scrollWidth - place.clientWidth, place.scrollHeight - place.clientHeight];
    place.remove();
    return found;
  });
  assert.ok(lost.every((over) => over <= 0), `cut by ${lost}`);
  await page.setViewportSize(SIZES.desktop);
}

// Known traffic, then the report of it.
async function report(page) {
  await page.goto(`${base}/browse?path=scenes`);
  const src = await page.locator(".tile[data-path]").first().getAttribute("data-path");
  for (let time = 0; time < 30; time += 1) {
    const address = `${base}/image?src=${encodeURIComponent(src)}&width=${200 + (time % 3)}`;
    assert.equal((await page.request.get(address)).status(), 200);
  }
  await until("30 requests are counted", async () => {
    await page.goto(`${base}/reports?period=hour`);
    const rows = page.locator("table.ranked tbody tr", { hasText: src.split("/").pop() });
    const counted = (await rows.count()) > 0 ? await rows.first().locator("td").nth(1).textContent() : "0";
    return Number(counted.replace(/,/g, "")) >= 30;
  });
  await rankedOnPhones(page);
  await page.locator("table.ranked th a").first().click();
  await page.locator(".chart canvas").first().waitFor();
  await shoot(page, "report-image", `/reports/image?src=${encodeURIComponent(src)}&period=day`);
  await labels(page, `/reports/image?src=${encodeURIComponent(src)}&period=hour`);
  // On a phone a moment stands on one line, however narrow.
  await page.setViewportSize(SIZES.phone);
  assert.equal(await page.locator("#numbers tbody time").first().evaluate((time) => time.getClientRects().length), 1);
  await page.setViewportSize(SIZES.desktop);
  // In lines of months there is one: it is drawn level over all of it, and its values are told without being pointed at.
  const long = `/reports/image?src=${encodeURIComponent(src)}&from=2020-01-01&to=2039-12-31`;
  await page.goto(base + long);
  await page.locator(".chart canvas").first().waitFor();
  const cells = page.locator("#numbers tbody td.number");
  assert.equal(await page.locator("#numbers tbody tr").count(), 1);
  const values = page.locator(".chart").first().locator(".u-series:not(:first-child) .u-value");
  assert.deepEqual(await values.allTextContents(), (await cells.allTextContents()).slice(0, 4));
  const bytes = page.locator(".chart").nth(1).locator(".u-series:not(:first-child) .u-value");
  assert.deepEqual(await bytes.allTextContents(), (await cells.allTextContents()).slice(4, 5));
  await page.locator(".chart-note", { hasText: "one interval" }).waitFor();
  await shoot(page, "report-one-point", long);
  const drawn = await labels(page, long);
  // They are written on the charts, too; and the line goes from one side to the other.
  assert.ok(drawn.includes(await values.first().textContent()), `${drawn}`);
  const inked = await page.locator(".chart canvas").nth(1).evaluate((canvas) => {
    const probe = new OffscreenCanvas(1, 1).getContext("2d");
    const style = document.createElement("span");
    style.style.color = "var(--accent)";
    document.body.append(style);
    probe.fillStyle = getComputedStyle(style).color;
    probe.fillRect(0, 0, 1, 1);
    style.remove();
    const accent = probe.getImageData(0, 0, 1, 1).data;
    const { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const isInk = (x, y) => [0, 1, 2].every((part) => Math.abs(pixels[4 * (y * width + x) + part] - accent[part]) < 60);
    const places = Array.from({ length: 20 }, (_, step) => Math.round(width * (0.3 + 0.03 * step)));
    return Array.from({ length: height }, (_, y) => y).some((y) => places.every((x) => isInk(x, y)));
  });
  assert.ok(inked, "a level line is drawn");
}

// Notes what is written on canvases, and where; what is drawn anew is forgotten.
function noteLabels() {
  window.labels = new Map();
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function clear(...box) {
    window.labels.set(this.canvas, []);
    return clearRect.apply(this, box);
  };
  CanvasRenderingContext2D.prototype.fillText = function write(text, x, y, ...rest) {
    const { actualBoundingBoxLeft: left, actualBoundingBoxRight: right, actualBoundingBoxAscent: up, actualBoundingBoxDescent: down } =
      this.measureText(text);
    const place = this.getTransform().transformPoint({ x, y });
    const box = { text, left: place.x - left, right: place.x + right, top: place.y - up, bottom: place.y + down };
    window.labels.get(this.canvas)?.push(box);
    return fillText.call(this, text, x, y, ...rest);
  };
}

// On a phone no label of a chart lies on another or is cut, and requests are counted by whole numbers.
async function labels(page, address) {
  const phone = await page.context().newPage();
  await phone.addInitScript(noteLabels);
  await phone.setViewportSize(SIZES.phone);
  await phone.goto(base + address);
  await settled(phone);
  const charts = await phone.locator(".chart canvas").evaluateAll((all) =>
    all.map((canvas) => ({ width: canvas.width, height: canvas.height, labels: window.labels.get(canvas) ?? [] })));
  assert.ok(charts.length >= 3, `${charts.length} charts`);
  for (const { width, height, labels: all } of charts) {
    assert.ok(all.length >= 3, `labels: ${JSON.stringify(all)}`);
    for (const [at, one] of all.entries()) {
      assert.ok(one.left >= 0 && one.right <= width && one.top >= -1 && one.bottom <= height + 1, `cut: ${JSON.stringify(one)}`);
      for (const other of all.slice(at + 1)) {
        const apart = one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;
        assert.ok(apart, `${JSON.stringify(one)} and ${JSON.stringify(other)}`);
      }
    }
  }
  const texts = charts[0].labels.map(({ text }) => text);
  assert.deepEqual(texts.filter((text) => /^[\d,]*\.\d+$/.test(text)), []);
  await phone.close();
  return texts;
}

async function zoom(page) {
  await page.goto(`${base}/reports/system?period=month`);
  const chart = page.locator(".chart .u-over").first();
  await chart.waitFor();
  const finer = page.getByRole("link", { name: "Show this period in detail" });
  assert.ok(await finer.isHidden());
  // What is saved as a file, and what the fields say, follow the charts.
  const [csv, from] = [page.locator("#numbers-title ~ .line a[download]"), page.getByLabel("From", { exact: true })];
  const bounds = async () => {
    const { searchParams } = new URL(await csv.evaluate((link) => link.href));
    const field = await from.evaluate((input) => new Date(input.value).getTime());
    return [searchParams.get("from"), searchParams.get("to")].map((time) => Date.parse(time)).concat(field);
  };
  const whole = await bounds();
  assert.equal(whole[0], whole[2]);
  await page.getByRole("button", { name: "Zoom in" }).focus();
  await page.keyboard.press("Enter");
  await finer.waitFor();
  const part = await bounds();
  assert.ok(part[0] >= whole[0] && part[1] <= whole[1] && part[1] - part[0] < whole[1] - whole[0], `${part}`);
  assert.equal(Math.floor(part[0] / 60_000), part[2] / 60_000);
  await page.getByRole("button", { name: "Show all" }).click();
  await finer.waitFor({ state: "hidden" });
  assert.deepEqual(await bounds(), whole);
  const box = await placeOf(chart);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await finer.click();
  await page.waitForURL(/reports\/system\?from=/);
}

async function withoutScripts(browser) {
  const page = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, undefined, undefined, "/admin/templates");
  const row = page.locator(".grants > li", { hasText: "Narrow" });
  await row.getByRole("link", { name: "Edit Narrow" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  // What takes something away is not what has the focus.
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("The template has been deleted.").waitFor();
  await page.goto(`${base}/reports/system?period=day`);
  await page.getByRole("table").first().waitFor();
  await page.context().close();
}

await run("reports and administration", async (browser) => {
  const admin = await visitor(browser);
  await signIn(admin, undefined, undefined, "/admin");
  const user = await makeUser(admin, "jo");
  await makeUser(admin, "kim");
  await makeGroup(admin, "Painters", "jo");
  const [jo, kim, nobody] = await Promise.all([1, 2, 3].map(() => visitor(browser)));
  await signIn(jo, "jo", PASSWORD);
  await signIn(kim, "kim", PASSWORD);
  await permissions(admin, jo, kim, nobody);
  // What somebody may not do is not offered.
  await jo.goto(`${base}/`);
  assert.equal(await jo.getByRole("navigation").getByRole("link", { name: "Reports" }).count(), 1);
  assert.equal(await jo.getByRole("link", { name: "Administration" }).count(), 0);
  await shoot(kim, "error-403", "/reports", 403);
  await template(admin);
  await tasks(admin);
  await report(admin);
  await zoom(admin);
  for (const [name, address] of [
    ["admin", "/admin"],
    ["users", "/admin/users"],
    ["users-none", "/admin/users?q=nobody+of+this+name"],
    ["user-new", "/admin/users/new"],
    ["user", new URL(user).pathname],
    ["groups", "/admin/groups"],
    ["group", "/admin/groups/3"],
    ["group-new", "/admin/groups/new"],
    ["permissions", "/admin/permissions?path=/scenes"],
    ["explain-empty", "/admin/permissions/explain"],
    ["templates", "/admin/templates"],
    ["template-new", "/admin/templates/new"],
    ["tags", "/admin/tags"],
    ["recycled", "/admin/recycled"],
    ["tasks", "/admin/tasks"],
    ["cache", "/admin/cache"],
    ["maintenance", "/admin/maintenance"],
    ["settings", "/admin/settings"],
    ["audit", "/admin/audit"],
    ["status", "/status"],
    ["reports", "/reports?period=hour"],
    ["reports-system", "/reports/system?period=day"],
    ["reports-none", "/reports?from=2001-01-01&to=2001-01-02"],
  ]) {
    await shoot(admin, name, address);
  }
  await withoutScripts(browser);
  await admin.goto(user);
  await admin.getByRole("button", { name: "Delete user" }).click();
  await admin.getByRole("dialog").getByRole("button", { name: "Delete user" }).click();
  await admin.getByText("The user has been deleted.").waitFor();
  await sees(jo, "/scenes", 200);
});
