// <halftone-gallery>, and data-halftone="gallery".

import assert from "node:assert/strict";
import { test } from "node:test";

import { api, assertAccessible, BASE, head, moved, on, parameters, quiet, SCENES, shoot, SIZES, until } from "./support.mjs";

const HEAD = head("halftone-gallery.css", "halftone-gallery.js");
const FOLDER = '<halftone-gallery folder="scenes"></halftone-gallery>';

const thumbnails = (page) => page.locator(".halftone-gallery-open");
const large = (page) => page.locator(".pswp");

async function record(page) {
  await page.evaluate(() => {
    window.told = [];
    for (const name of ["open", "change", "close"]) {
      document.addEventListener(`halftone-${name}`, ({ detail }) => window.told.push([name, detail.index]));
    }
  });
}

const untilTold = (page, event) =>
  page.waitForFunction((wanted) => window.told.some((one) => String(one) === wanted), String(event));

test("gallery: a folder, from picture to picture by keys and buttons", async () => {
  await on(HEAD, FOLDER, {}, async (page, requests) => {
    await thumbnails(page).nth(4).waitFor();
    assert.equal(await thumbnails(page).count(), SCENES.length);
    await until("all thumbnails", () => requests.length >= SCENES.length);
    await quiet(page);
    assert.deepEqual(requests.map((url) => parameters(url).src).sort(), SCENES.map((name) => `scenes/${name}.jpg`));
    assert.ok(requests.every((url) => parameters(url).width === "240"), "thumbnails of 200, snapped");

    await record(page);
    await thumbnails(page).nth(1).press("Enter");
    await untilTold(page, ["open", 1]);
    await page.keyboard.press("ArrowRight");
    await untilTold(page, ["change", 2]);
    await page.getByRole("button", { name: "Next picture" }).click();
    await untilTold(page, ["change", 3]);
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction(() => window.told.filter((one) => String(one) === "change,2").length === 2);
    await until("large ones of the ladder", () => requests.some((url) => Number(parameters(url).width) >= 1280));
    await page.keyboard.press("Escape");
    await large(page).waitFor({ state: "detached" });
    await untilTold(page, ["close", 2]);
    // The focus is where it was.
    await page.waitForFunction(() => document.activeElement.className === "halftone-gallery-open");
  });
});

test("gallery: large pictures have their own shape", async () => {
  await on(HEAD, FOLDER, {}, async (page) => {
    // The meadow is upright: 2000 × 2800.
    await thumbnails(page).nth(1).click();
    await page.waitForFunction(() => {
      const image = document.querySelector(".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)");
      return image?.complete && Math.abs(image.clientWidth / image.clientHeight - 2000 / 2800) < 0.01;
    });
  });
});

test("gallery: a portfolio", async () => {
  const name = `viewers-${process.pid}`;
  const folio = await api("POST", "portfolios/", {
    human_id: name, name: "Of the test", description: "", internal_access: "20", public_access: "10",
  });
  for (const src of ["scenes/seashore.jpg", "scenes/city.jpg"]) {
    await api("POST", `portfolios/${folio.id}/images/`, { image_src: src });
  }
  await on(HEAD, `<halftone-gallery portfolio="${name}" server="${BASE}"></halftone-gallery>`, {}, async (page, requests) => {
    await thumbnails(page).nth(1).waitFor();
    await until("both thumbnails", () => requests.length >= 2);
    await quiet(page);
    assert.deepEqual(requests.map((url) => parameters(url).src), ["scenes/seashore.jpg", "scenes/city.jpg"]);
  });
});

test("gallery: pictures inside, and attributes of other elements", async () => {
  const inside = `
    <a href="${BASE}/image?src=scenes/city.jpg"><img src="${BASE}/image?src=scenes/city.jpg&width=160" alt="Towers"></a>
    <img src="${BASE}/image?src=scenes/meadow.jpg&width=160" alt="Grass" title="In May">`;
  const body = `<div data-halftone="gallery" data-thumbnail="120">${inside}</div>`;
  await on(HEAD, body, {}, async (page) => {
    await page.getByRole("button", { name: "Show Towers large" }).waitFor();
    assert.equal(await thumbnails(page).count(), 2);
    await page.getByRole("button", { name: "Show Grass large" }).click();
    await page.getByText("Grass – In May").waitFor();
  });
});

test("gallery: nothing there, and no answer", async () => {
  await on(HEAD, "<halftone-gallery></halftone-gallery>", {}, async (page) => {
    await page.getByText("There are no pictures here.").waitFor();
  });
  await on(HEAD, '<halftone-gallery folder="no/such"></halftone-gallery>', {}, async (page) => {
    await page.getByText("The pictures cannot be listed.").waitFor();
  });
});

test("gallery: goes on elsewhere in the page", async () => {
  const inside = SCENES.map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=200">`);
  await on(HEAD, `<halftone-gallery>${inside.join("")}</halftone-gallery>`, {}, async (page) => {
    await thumbnails(page).nth(4).waitFor();
    await moved(page, "halftone-gallery", async () => {
      assert.equal(await thumbnails(page).count(), SCENES.length);
      await record(page);
      await thumbnails(page).nth(1).press("Enter");
      await untilTold(page, ["open", 1]);
      await page.keyboard.press("Escape");
      await large(page).waitFor({ state: "detached" });
    });
  });
});

test("gallery: nothing that keeps people out, and how it looks", async () => {
  for (const [size, viewport] of SIZES) {
    await on(HEAD, FOLDER, { viewport }, async (page) => {
      await thumbnails(page).nth(4).waitFor();
      await assertAccessible(page);
      await shoot(page, `viewer-gallery-${size}`);
      await record(page);
      await thumbnails(page).first().click();
      await untilTold(page, ["open", 0]);
      await assertAccessible(page);
      await shoot(page, `viewer-gallery-large-${size}`);
    });
  }
});
