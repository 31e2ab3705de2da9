// The publish page and the page of a picture: controls, cropping by mouse and by keyboard, the preview, the code.
//
//   HALFTONE_ADMIN_PASSWORD=… node publish.mjs BASE_URL SCREENSHOTS_DIR
//
// Works on a running `halftone serve` with the demo library.

import assert from "node:assert/strict";
import { base, picture, run, settled, shoot, signIn, visitor } from "./support/session.mjs";
import { placeOf, until } from "./support/wait.mjs";
import { requiredTemplate } from "./publish/locked.mjs";
import { address, field, pixelsOf, shown, value } from "./publish/stage.mjs";

// For how long making one picture in every format may take.
const MEASURES_MS = 300_000;

/// Where the picture is that a pointer is used on, once it is there.
async function pointable(page, place) {
  await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, await place.elementHandle());
  return placeOf(place);
}

/// Opens the group of controls that a parameter is in.
async function reveal(page, name) {
  await field(page, name).evaluate((element) => {
    const group = element.closest("details.controls");
    if (group) group.open = true;
  });
}

/// How much two pictures differ on average, of 255: the part of one that was framed, and the other, at one size.
const difference = (page, whole, part, source) =>
  page.evaluate(
    async ({ whole, part, source }) => {
      const load = async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return image;
      };
      const [one, other] = await Promise.all([load(whole), load(source)]);
      const [width, height] = [64, 64];
      const draw = (image, x, y, w, h) => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [width, height];
        const context = canvas.getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(image, x, y, w, h, 0, 0, width, height);
        return context.getImageData(0, 0, width, height).data;
      };
      const { naturalWidth: wide, naturalHeight: high } = one;
      const framed = draw(one, part.left * wide, part.top * high, (part.right - part.left) * wide, (part.bottom - part.top) * high);
      const sent = draw(other, 0, 0, other.naturalWidth, other.naturalHeight);
      return framed.reduce((sum, sample, at) => sum + Math.abs(sample - sent[at]), 0) / framed.length;
    },
    { whole, part, source },
  );

/// A part that is dragged on the picture is what its address sends, to the pixel of the preview.
async function cropByDragging(page) {
  await field(page, "width").fill("400");
  await shown(page, "width=400");
  await page.getByRole("button", { name: "Crop", exact: true }).click();
  const box = await pointable(page, page.locator(".cropping img"));
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(0.2, 0.25));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.5), { steps: 4 });
  await page.mouse.move(...at(0.7, 0.75), { steps: 4 });
  await page.mouse.up();
  const near = async (name, wanted) => {
    const found = Number(await value(page, name));
    assert.ok(Math.abs(found - wanted) < 0.01, `${name} is ${found}, not ${wanted}`);
    return found;
  };
  const part = {
    left: await near("left", 0.2),
    top: await near("top", 0.25),
    right: await near("right", 0.7),
    bottom: await near("bottom", 0.75),
  };
  await page.waitForFunction((left) => document.querySelector("#output-address code")?.textContent.includes(`left=${left}`), await value(page, "left"));
  await shoot3(page, "publish-crop");
  await page.getByRole("button", { name: "Result", exact: true }).click();
  await shown(page, "left=", "bottom=");
  const published = await address(page);
  const [preview, sent] = [await pixelsOf(page, null), await pixelsOf(page, published)];
  assert.deepEqual(sent, preview, "the address sends the pixels of the preview");
  assert.equal(sent.width, 400);
  // And they are those that were framed.
  const whole = await page.locator("[data-whole]").getAttribute("data-whole");
  const off = await difference(page, whole, part, published);
  assert.ok(off < 6, `what was framed and what is sent differ by ${off}`);
  const facts = await page.locator("[data-facts]").textContent();
  assert.match(facts, /400 × \d+ pixels.*(kB|byte)/);
}

/// A picture of what is in view at both sizes.
async function shoot3(page, name) {
  await picture(page, `${name}-desktop-light`);
}

/// The same by keyboard alone, with a shape that is kept.
async function cropByKeyboard(page) {
  await page.getByRole("button", { name: "Crop", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Whole picture" }).click();
  await page.waitForFunction(() => document.querySelector('[name="left"]').value === "");
  await page.locator("[data-aspect]").selectOption("1:1");
  const square = async () => {
    const size = await page.locator(".cropping img").evaluate((image) => [image.naturalWidth, image.naturalHeight]);
    const [left, top] = [Number(await value(page, "left")), Number(await value(page, "top"))];
    const edge = async (name) => Number((await value(page, name)) || 1);
    const [wide, high] = [((await edge("right")) - left) * size[0], ((await edge("bottom")) - top) * size[1]];
    assert.ok(Math.abs(wide - high) < 2, `${wide} × ${high} is no square`);
    return { left, wide };
  };
  const first = await square();
  await page.getByRole("button", { name: "Bottom right corner" }).focus();
  await page.keyboard.press("Shift+ArrowLeft");
  const smaller = await square();
  assert.ok(smaller.wide < first.wide, "it is smaller");
  await page.getByRole("button", { name: "Crop area. Use the arrow keys to move it." }).focus();
  await page.keyboard.press("ArrowRight");
  const moved = await square();
  assert.ok(Math.abs(smaller.left + 0.01 - moved.left) < 0.002, "it moved by a hundredth");
  await page.locator("[data-aspect]").selectOption("");
  await page.getByRole("button", { name: "Whole picture" }).click();
  await page.waitForFunction(() => document.querySelector('[name="right"]').value === "");
  await page.getByRole("button", { name: "Result", exact: true }).click();
}

/// Sliders, colours, places: each writes into its field, and the page's address has it all.
async function controls(page) {
  await reveal(page, "quality");
  await field(page, "format").selectOption("webp");
  await page.getByLabel("Quality, slider").focus();
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector('[name="quality"]').value === "1");
  await reveal(page, "fill");
  await page.getByLabel("Fill colour, colour field").evaluate((element) => {
    element.value = "#ff8800";
    element.dispatchEvent(new Event("change", { bubbles: true }));
  });
  assert.equal(await value(page, "fill"), "ff8800");
  await reveal(page, "angle");
  await field(page, "angle").fill("5");
  await field(page, "angle").press("Enter");
  await page.waitForFunction(() => location.search.includes("angle=5") && location.search.includes("quality=1"));
  await shown(page, "angle=5", "quality=1");
  const facts = await page.locator("[data-facts]").textContent();
  assert.match(facts, /WEBP/);
  // The way back is a step at a time.
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('[name="angle"]').value === "");
  await page.goForward();
  await page.waitForFunction(() => document.querySelector('[name="angle"]').value === "5");
  // A reload shows the same.
  await page.reload();
  await shown(page, "angle=5");
  assert.equal(await value(page, "fill"), "ff8800");
  assert.equal(await value(page, "format"), "webp");
}

// Code that is not of the fields cannot be copied, and is made up for when there is a network again.
async function offline(page) {
  const isInert = () => page.locator("[data-outputs]").evaluate((place) => place.inert);
  await page.context().setOffline(true);
  await field(page, "width").fill("320");
  await page.locator("[data-outdated]").waitFor();
  assert.ok(await isInert());
  await page.context().setOffline(false);
  await shown(page, "width=320");
  await page.locator("[data-outdated]").waitFor({ state: "hidden" });
  assert.equal(await isInert(), false);
}

async function faults(page, src) {
  await reveal(page, "fill");
  await field(page, "fill").fill("no such colour");
  await page.locator('[data-control="fill"] [data-fault]').filter({ hasText: "must be a colour name" }).waitFor();
  await page.getByText("The code appears once").waitFor();
  await field(page, "fill").fill("");
  await page.locator("#output-address").waitFor({ state: "attached" });
  await shown(page);
  // What only making it tells is said as well.
  await reveal(page, "overlay");
  await field(page, "overlay").fill("no/such/file.png");
  await field(page, "overlay").press("Enter");
  await page.locator('[data-control="overlay"] [data-fault]').filter({ hasText: "there is no such picture" }).waitFor();
  await field(page, "overlay").fill("");
  await field(page, "overlay").press("Enter");
  await page.getByRole("button", { name: "Choose a picture" }).click();
  await page.getByRole("searchbox", { name: "Search pictures" }).fill("");
  await page.locator("[data-picked] button").first().waitFor();
  await settled(page);
  await picture(page, "publish-picker-desktop-light");
  const name = await page.locator("[data-picked] button").first().getAttribute("title");
  await page.locator("[data-picked] button").first().click();
  assert.equal(await value(page, "overlay"), name);
  await shown(page, "overlay=");
  await page.goto(`${base}/publish?src=${encodeURIComponent(src)}&page=999`);
  await page.locator('[data-control="page"] [data-fault]').filter({ hasText: /\w/ }).waitFor();
}

async function outputs(page) {
  await page.getByRole("tab", { name: "srcset" }).click();
  await page.locator("#output-srcset code").filter({ hasText: "640w" }).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.locator("#output-picture code").filter({ hasText: "image/avif" }).waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator("#output-picture").getByRole("button", { name: "Copy" }).click();
  const code = await page.locator("#output-picture code").textContent();
  await until("it is in the clipboard", async () => (await page.evaluate(() => navigator.clipboard.readText())) === code);
  await page.getByLabel("Description (alt)").fill("Two <b>");
  await page.locator("#output-picture code").filter({ hasText: "Two &lt;b&gt;" }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "picture" }).getAttribute("aria-selected"), "true");
}

async function compare(page) {
  await page.locator("#compare").scrollIntoViewIfNeeded();
  await page.locator('[data-sum="b"]').filter({ hasText: /kB|byte/ }).waitFor();
  await page.locator('[data-side="a"]').selectOption({ label: "JPEG 50" });
  await page.locator('[data-sum="a"]').filter({ hasText: "JPEG 50" }).waitFor();
  await page.getByLabel("Move the divider").focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("button", { name: "Measure all" }).click();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[data-bytes]")].every((cell) => /\d/.test(cell.textContent ?? "")),
    undefined,
    { timeout: MEASURES_MS },
  );
  await page.locator("#compare").scrollIntoViewIfNeeded();
  await picture(page, "publish-compare-desktop-light");
}

async function focalPoint(page) {
  await page.locator('[data-mode="point"]').click();
  const box = await pointable(page, page.locator(".point-at img"));
  await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.5);
  const [x, y] = (await value(page, "gravity")).split(",").map(Number);
  assert.ok(Math.abs(x - 0.25) < 0.01 && Math.abs(y - 0.5) < 0.01, `the point is at ${x}, ${y}`);
  await page.keyboard.press("Shift+ArrowRight");
  assert.ok(Math.abs(Number((await value(page, "gravity")).split(",")[0]) - x - 0.1) < 0.01);
  await picture(page, "publish-point-desktop-light");
  await page.getByRole("button", { name: "Result", exact: true }).click();
}

// The form asks for the page, and the page has all.
async function withoutScripts(browser, src) {
  const page = await visitor(browser, { javaScriptEnabled: false });
  await page.goto(`${base}/publish?src=${encodeURIComponent(src)}`);
  await page.getByLabel("Width", { exact: true }).fill("300");
  await page.getByRole("button", { name: "Update preview" }).click();
  await page.waitForURL(/width=300/);
  await page.locator("#output-address code").filter({ hasText: "width=300" }).waitFor();
  await page.locator("#output-img code").filter({ hasText: 'width="300"' }).waitFor();
  await page.locator("[data-preview]").waitFor();
  await picture(page, "publish-without-scripts-desktop-light");
  await page.context().close();
}

async function zoom(page, address) {
  await page.goto(base + address);
  await page.locator("halftone-zoom canvas").first().waitFor();
  await page.getByRole("button", { name: "Zoom in" }).click();
  // Its arrow keys move the picture; those of the page lead on to the next one.
  const title = await page.title();
  await page.locator('halftone-zoom [role="application"]').focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.title(), title);
  await picture(page, "details-zoomed-desktop-light");
  await page.getByRole("link", { name: "Show all EXIF, IPTC and XMP" }).click();
  await page.waitForURL(/show=all/);
}

await run("the publish page", async (browser) => {
  const page = await visitor(browser);
  const src = "scenes/meadow.jpg";
  const first = `/details?src=${src}`;
  const publish = `/publish?src=${encodeURIComponent(src)}`;
  await shoot(page, "publish", `${publish}&width=900&height=500&fit=cover&gravity=smart`);
  await page.goto(base + publish);
  await settled(page);
  await cropByDragging(page);
  await cropByKeyboard(page);
  await controls(page);
  await page.goto(base + publish + "&width=500&format=jpg");
  await outputs(page);
  await focalPoint(page);
  await compare(page);
  await offline(page);
  await faults(page, src);
  await withoutScripts(browser, src);
  await signIn(page);
  await requiredTemplate(browser, page);
  await shoot(page, "publish-faults", `${publish}&width=x&left=0.8&right=0.2`);
  await shoot(page, "details-all", `${first}&show=all`);
  await zoom(page, first);
});
