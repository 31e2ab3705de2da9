// The old simple viewer's functions, in pages as the guide writes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertAccessible, BASE, CITY, head, on, parameters, until } from "./support.mjs";

const HEAD = head("styles/simple_view.css", "js/simple_view.min.js");
const PLACE = `<div id="viewport1" class="imageviewer" style="width:300px; height:200px;"></div>
  <script>simple_view_init('viewport1', '${CITY}&width=5&height=5');</script>`;

const steps = (page, number) =>
  page.waitForFunction((wanted) => {
    const image = document.querySelector(".halftone-simple");
    return image.complete && image.naturalWidth > 0 && (image.dataset.steps ?? "0") === String(wanted);
  }, number);

const crop = (url) => ["left", "top", "right", "bottom"].map((name) => Number(parameters(url)[name]));
const close = (found, wanted) => found.every((value, at) => Math.abs(value - wanted[at]) < 0.006);

test("simple_view: clicks zoom in around themselves, nine times at most", async () => {
  await on(HEAD, PLACE, {}, async (page, requests) => {
    await steps(page, 0);
    const first = parameters(requests[0]);
    assert.deepEqual([first.width, first.height, first.left], ["320", "240", undefined]);
    // Each step keeps 0.72 of what was seen, around the click: here the middle, then a corner.
    await page.click(".halftone-simple");
    await steps(page, 1);
    assert.ok(close(crop(requests.at(-1)), [0.14, 0.14, 0.86, 0.86]), String(requests.at(-1)));
    await page.click(".halftone-simple", { position: { x: 0, y: 0 } });
    await steps(page, 2);
    assert.ok(close(crop(requests.at(-1)), [0, 0, 0.5184, 0.5184]), String(requests.at(-1)));
    for (let step = 3; step <= 12; step += 1) {
      await page.click(".halftone-simple");
      await steps(page, Math.min(step, 9));
    }
    await page.click(".halftone-simple", { modifiers: ["Shift"] });
    await steps(page, 8);

    const before = crop(requests.at(-1));
    await page.click(".halftone-simple", { modifiers: ["Alt"], position: { x: 299, y: 100 } });
    await until("it has moved", () => crop(requests.at(-1))[0] > before[0]);
    await steps(page, 8);
    const after = crop(requests.at(-1));
    assert.ok(Math.abs(after[2] - after[0] - (before[2] - before[0])) < 0.001, "at the same magnification");

    await page.evaluate(() => simple_view_reset("viewport1"));
    await steps(page, 0);
    await page.evaluate((src) => simple_view_init(document.getElementById("viewport1"), src), `${BASE}/image?src=scenes/meadow.jpg`);
    await until("another picture", () => parameters(requests.at(-1)).src === "scenes/meadow.jpg");
  });
});

test("simple_view: on a picture of the page", async () => {
  const body = `<div class="imageviewer" style="width:300px; height:200px;">
      <img id="yourimage" alt="A city" src="${CITY}&width=300&height=200&left=0.5"></div>
    <script>simple_view_init_image('yourimage');</script>`;
  await on(HEAD, body, {}, async (page, requests) => {
    await page.click("#yourimage");
    await steps(page, 1);
    assert.equal(requests.length, 2);
    // The middle of the right half.
    assert.ok(close(crop(requests.at(-1)), [0.57, 0.14, 0.93, 0.86]), String(requests.at(-1)));
    await page.locator("#yourimage").press("+");
    await steps(page, 2);
    await page.evaluate(() => simple_view_reset_image("yourimage"));
    await steps(page, 0);
    await assertAccessible(page);
  });
});
