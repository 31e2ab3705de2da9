// <halftone-image>, and data-halftone="image".

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertAccessible, BASE, CITY, head, on, parameters } from "./support.mjs";

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
  const body = `<div style="height: 9000px"></div><img data-halftone="image" data-src="${CITY}" alt="" style="width: 300px; height: 200px">`;
  await on(HEAD, body, {}, async (page, requests) => {
    await page.waitForFunction(() => document.querySelector("main img").srcset !== "");
    await page.waitForLoadState("networkidle");
    assert.equal(requests.length, 0);
    await page.locator("main img").scrollIntoViewIfNeeded();
    await shown(page);
    assert.equal(requests.length, 1);
  });
});

test("image: a template's format stays", async () => {
  await on(HEAD, `<halftone-image src="${BASE}/image?src=scenes/city.jpg&format=png" alt=""></halftone-image>`, {}, async (page, requests) => {
    await shown(page);
    assert.equal(parameters(requests[0]).format, "png");
  });
});
