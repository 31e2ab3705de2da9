// <halftone-image>, and data-halftone="image".

import assert from "node:assert/strict";
import { test } from "node:test";

import { add, assertAccessible, BASE, CITY, head, on, parameters, quiet, until } from "./support.mjs";

const HEAD = head("halftone-image.css", "halftone-image.js");

const shown = (page) => page.waitForFunction(() => {
  const image = document.querySelector("main img");
  return image?.complete && image.naturalWidth > 0;
});

test("image: one request, of a size for the place and the screen", async () => {
  const body = `<div style="width: 400px"><halftone-image src="${CITY}" alt="A city"></halftone-image></div>`;
  for (const [deviceScaleFactor, width] of [[1, "480"], [2, "800"], [3, "1280"]]) {
    await on(HEAD, body, { deviceScaleFactor }, async (page, requests) => {
      await shown(page);
      assert.equal(requests.length, 1);
      const { width: asked, height, format } = parameters(requests[0]);
      assert.deepEqual([asked, height, format], [width, "0", "auto"]);
      await assertAccessible(page);
    });
  }
});

test("image: cut to a shape", async () => {
  const body = `<div style="width: 400px"><halftone-image src="${CITY}" alt="" ratio="1/1" gravity="n"></halftone-image></div>`;
  await on(HEAD, body, {}, async (page, requests) => {
    await shown(page);
    const { width, height, fit, gravity } = parameters(requests[0]);
    assert.deepEqual([width, height, fit, gravity], ["480", "480", "cover", "n"]);
    assert.deepEqual(await page.$eval("main img", (image) => [image.clientWidth, image.clientHeight]), [400, 400]);
  });
});

test("image: nothing is loaded far below what is seen", async () => {
  const seen = `<img data-halftone="image" data-src="${BASE}/image?src=scenes/meadow.jpg" alt="" style="width: 300px; height: 200px">`;
  const body = `${seen}<div style="height: 9000px"></div><img id="far" data-halftone="image" data-src="${CITY}" alt="" style="width: 300px; height: 200px">`;
  await on(HEAD, body, {}, async (page, requests) => {
    await page.waitForFunction(() => document.querySelector("#far").srcset !== "");
    await shown(page);
    await quiet(page);
    const asked = () => requests.map((url) => parameters(url).src);
    assert.deepEqual(asked(), ["scenes/meadow.jpg"]);
    await page.locator("#far").scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector("#far").naturalWidth > 0);
    assert.deepEqual(asked(), ["scenes/meadow.jpg", "scenes/city.jpg"]);
  });
});

test("image: what comes later", async () => {
  await on(HEAD, "", {}, async (page, requests) => {
    await add(page, `<div><img data-halftone="image" data-src="${CITY}" alt="" style="width: 300px; height: 200px"></div>`);
    await shown(page);
    assert.equal(requests.length, 1);
    await page.$eval("main img", (image, src) => (image.dataset.src = src), `${BASE}/image?src=scenes/meadow.jpg`);
    await until("the other picture", () => requests.some((url) => parameters(url).src === "scenes/meadow.jpg"));
  });
});

test("image: a template's format stays", async () => {
  await on(HEAD, `<halftone-image src="${BASE}/image?src=scenes/city.jpg&format=png" alt=""></halftone-image>`, {}, async (page, requests) => {
    await shown(page);
    assert.equal(parameters(requests[0]).format, "png");
  });
});
