// A template that a folder requires: the publish page shows what it has locked, nobody without rights gets round
// it, and the pictures that come have what it asks for. All of it in a folder of its own.

import assert from "node:assert/strict";
import { api, arrived, base, shoot, visitor } from "../support/session.mjs";
import { until } from "../support/wait.mjs";
import { address, field, pixelsOf, shown } from "./stage.mjs";

const NAME = "Marked for all";
const SRC = "locked/city.png";
const WIDTH = 300;
// The mark lies in the last corner.
const TEMPLATE = {
  width: { value: WIDTH, locked: true },
  overlay_src: { value: "logos/halftone.png", locked: true },
  overlay_pos: { value: "se" },
  overlay_size: { value: 0.3 },
};
const LOCKED = ["width", "overlay", "ovsize", "ovpos", "ovopacity"];
const PUBLISH = `${base}/publish?src=${SRC}&format=png`;

// A folder with a picture, and a template.
async function prepare(admin) {
  const city = await admin.request.get(`${base}/image?src=scenes/city.jpg&width=900&format=png`);
  await api(admin, "POST", "/admin/filesystem/folders/", { form: { path: "/locked" } });
  const file = { name: "city.png", mimeType: "image/png", buffer: await city.body() };
  await api(admin, "POST", "/upload/", { multipart: { path: "locked", overwrite: "no", files: file } });
  const made = { name: NAME, description: "", template: JSON.stringify(TEMPLATE) };
  return api(admin, "POST", "/admin/templates/", { form: made });
}

async function require(admin) {
  await admin.goto(`${base}/admin/permissions?path=/locked`);
  const form = admin.getByRole("form", { name: "Templates" });
  await form.getByRole("combobox", { name: "Group" }).selectOption({ label: "Public" });
  await form.getByRole("combobox", { name: "Template" }).selectOption({ label: NAME });
  await form.getByRole("combobox", { name: "Applies" }).selectOption({ label: "Always" });
  await form.getByRole("button", { name: "Set" }).click();
  await arrived(admin, admin.getByText("The template has been set."));
}

// Workers hear of it a moment later.
function untilLocked(page, locked) {
  return until(`the width is ${locked ? "locked" : "free"}`, async () => {
    await page.goto(PUBLISH);
    return (await field(page, "width").isDisabled()) === locked;
  });
}

// Until every worker makes pictures by it, and front servers have none from before. Each look is by a browser that has
// kept nothing.
async function untilMade(browser) {
  let asked = 0;
  await until("pictures are made by the template", async () => {
    const page = await visitor(browser);
    await page.goto(PUBLISH);
    await shown(page, "format=png");
    const widths = [(await pixelsOf(page, null)).width];
    for (const end = asked + 8; asked < end; asked += 1) {
      const answer = await page.request.get(`${base}/image?src=${SRC}&format=png&left=0&top=0&right=${1 - asked / 1e5}`);
      widths.push((await answer.body()).readUInt32BE(16));
    }
    await page.context().close();
    return widths.every((width) => width === WIDTH);
  });
}

async function isShown(page) {
  for (const name of ["width", "overlay"]) {
    const told = await page.locator(`[data-control="${name}"] [data-locked]`).textContent();
    assert.match(told, /Locked by the template “Marked for all”/, name);
  }
  for (const name of LOCKED) assert.ok(await field(page, name).isDisabled(), name);
  assert.equal(await field(page, "quality").isDisabled(), false, "other fields are free");
}

// What is chosen and PNG have one address here: both tell its length as soon as one has been measured.
async function lengthsAgree(page) {
  const rows = page.locator("[data-variant]");
  await page.locator("#compare").scrollIntoViewIfNeeded();
  const told = () => rows.evaluateAll((all) =>
    all.map((row) => [row.querySelector("a").href, row.querySelector("[data-bytes]").textContent]));
  await until("what is chosen has been measured", async () => /\d/.test((await told())[0][1]));
  const [[address, length], ...others] = await told();
  const same = others.filter(([href]) => href === address);
  assert.deepEqual(same, [[address, length]]);
}

// Fields that are freed by hand: the server does not heed them, and locks them again.
async function isKept(page) {
  await page.evaluate((names) => {
    for (const name of names) document.querySelector(`form[data-publish] [name="${name}"]`).disabled = false;
  }, LOCKED);
  const write = (name, text) => field(page, name).evaluate((element, written) => {
    element.value = written;
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }, text);
  await write("ovsize", "0.01");
  await write("width", "900");
  await until("the width is locked again", () => field(page, "width").isDisabled());
  await shown(page, "format=png");
  // The same by this page's own address.
  for (const query of ["", "&width=900&overlay=&ovopacity=0"]) {
    if (query !== "") await page.goto(PUBLISH + query);
    await shown(page, "format=png");
    const code = await address(page);
    for (const name of LOCKED) assert.doesNotMatch(code, new RegExp(`[?&]${name}=`), query);
    const preview = await pixelsOf(page, null);
    assert.equal(preview.width, WIDTH, query);
    assert.deepEqual(await pixelsOf(page, code), preview, "the address sends the pixels of the preview");
  }
}

// Where two pictures differ, as fractions of them, and their sizes.
async function compare(page, ...answers) {
  const both = [];
  for (const answer of answers) {
    assert.equal(answer.status(), 200, answer.url());
    both.push((await answer.body()).toString("base64"));
  }
  return page.evaluate(async (texts) => {
    const pixels = async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height);
    };
    const [one, other] = await Promise.all(texts.map(pixels));
    const { width, height } = one;
    let part = null;
    if (width === other.width && height === other.height) {
      for (let at = 0; at < one.data.length; at += 1) {
        if (one.data[at] === other.data[at]) continue;
        const [x, y] = [(at >> 2) % width / width, Math.floor((at >> 2) / width) / height];
        part ??= { left: x, top: y, right: x, bottom: y };
        part.left = Math.min(part.left, x);
        part.right = Math.max(part.right, x);
        part.bottom = y;
      }
    }
    return { sizes: [one, other].map(({ width, height }) => [width, height]), part };
  }, both);
}

async function isInPictures(page, admin) {
  const picture = `${base}/image?src=${SRC}&format=png`;
  const get = (query) => page.request.get(picture + query);
  // Who administers files is bound by none.
  const plain = await admin.request.get(`${picture}&width=${WIDTH}`);
  const marked = await get("");
  const { sizes, part } = await compare(page, marked, plain);
  assert.deepEqual(sizes[0], sizes[1]);
  assert.equal(sizes[0][0], WIDTH);
  assert.ok(part !== null && part.left > 0.5 && part.top > 0.5, `the mark lies in the last corner: ${JSON.stringify(part)}`);
  assert.ok(part.right > 0.9 && part.bottom > 0.8, `it is all there: ${JSON.stringify(part)}`);
  for (const query of ["&width=900", "&overlay=", "&ovopacity=0", "&ovsize=0.01&ovpos=nw", "&tmp=Default&width=900&overlay=", "&flip=h", "&angle=180"]) {
    const off = await compare(page, marked, await get(query));
    assert.deepEqual(off, { sizes: [sizes[0], sizes[0]], part: null }, query);
  }
  const quarter = await compare(page, marked, await get("&left=0.5&top=0.5&width=900"));
  assert.ok(quarter.sizes[1][0] <= WIDTH / 2 + 1, `a part is no larger than in the whole: ${quarter.sizes[1]}`);
  const refused = [`${base}/original?src=${SRC}`, `${base}/image?src=scenes/city.jpg&overlay=${SRC}`];
  for (const other of refused) assert.equal((await page.request.get(other)).status(), 403, other);
}

export async function requiredTemplate(browser, admin) {
  const { id } = await prepare(admin);
  await require(admin);
  await untilMade(browser);
  const page = await visitor(browser);
  await untilLocked(page, true);
  await shown(page, "format=png");
  await isShown(page);
  await lengthsAgree(page);
  await isKept(page);
  await isInPictures(page, admin);
  await shoot(page, "publish-locked", PUBLISH.slice(base.length));
  await admin.goto(`${base}/admin/permissions?path=/locked`);
  await admin.getByRole("button", { name: "Clear the level of Public" }).click();
  await arrived(admin, admin.getByText("The template no longer applies here."));
  await untilLocked(page, false);
  await api(admin, "DELETE", `/admin/templates/${id}/`);
  await page.context().close();
}
