// <halftone-gallery>, and data-halftone="gallery".

import assert from "node:assert/strict";
import { test } from "node:test";

import { add, api, assertAccessible, BASE, head, moved, on, parameters, quiet, placeOf, SCENES, shoot, SIZES, spread, until, words } from "./support.mjs";

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
    // The focus is at the one that was seen last.
    await page.waitForFunction(() => document.activeElement === document.querySelectorAll(".halftone-gallery-open")[2]);
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

test("gallery: right to left, in the words of the page", async () => {
  const inside = ["city", "meadow", "mountains"].map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=160">`);
  const said = { next: "التالي", previous: "السابق", open: "كبر {title}" };
  await on(HEAD + words(said, "ar"), `<div lang="ar"><halftone-gallery>${inside.join("")}</halftone-gallery></div>`, { direction: "rtl" }, async (page) => {
    const [first, second] = await Promise.all([0, 1].map((at) => placeOf(thumbnails(page).nth(at))));
    assert.ok(first.x > second.x, "the first is at the right");
    await record(page);
    await page.getByRole("button", { name: "كبر city" }).press("Enter");
    await untilTold(page, ["open", 0]);
    assert.equal(await page.innerText(".pswp__counter"), "1 / 3");
    // What comes next lies at the left.
    await page.keyboard.press("ArrowLeft");
    await untilTold(page, ["change", 1]);
    assert.equal(await page.innerText(".pswp__caption"), "meadow");
    assert.equal(await page.innerText(".pswp__counter"), "2 / 3");
    const next = page.getByRole("button", { name: "التالي" });
    const at = await next.boundingBox();
    assert.ok(at.x < page.viewportSize().width / 2, "so does its button");
    await next.click();
    await untilTold(page, ["change", 2]);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => window.told.filter((one) => String(one) === "change,1").length === 2);
    await page.keyboard.press("Escape");
    await untilTold(page, ["close", 1]);
  });
});

test("gallery: fingers, and less motion", async () => {
  const width = (page) => page.evaluate(() => document.querySelector(".pswp__item[aria-hidden=false] .pswp__img:not(.pswp__img--placeholder)")?.getBoundingClientRect().width ?? 0);
  await on(HEAD, FOLDER, { hasTouch: true }, async (page, _requests, context) => {
    await record(page);
    await thumbnails(page).nth(0).click();
    await untilTold(page, ["open", 0]);
    await quiet(page);
    await page.waitForFunction(() => document.querySelector(".pswp__item[aria-hidden=false] .pswp__img:not(.pswp__img--placeholder)")?.complete);
    const whole = await width(page);
    const { width: wide, height } = page.viewportSize();
    await spread(page, context, { x: wide / 2, y: height / 2 }, 40, 160);
    await until("it is larger", async () => (await width(page)) > whole * 1.5);
  });
  await on(HEAD, FOLDER, { reducedMotion: "reduce" }, async (page) => {
    await thumbnails(page).nth(0).click();
    await large(page).waitFor();
    const moves = () => document.getAnimations().some(({ effect, transitionProperty }) =>
      transitionProperty === "transform" && effect.target.closest(".pswp") && effect.getComputedTiming().duration > 0);
    assert.equal(await page.evaluate(moves), false);
    await page.getByRole("button", { name: "Next picture" }).click();
    assert.equal(await page.evaluate(moves), false);
  });
});

test("gallery: what comes later, and goes", async () => {
  const inside = ["city", "meadow"].map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=160">`);
  await on(HEAD, "", {}, async (page) => {
    await add(page, `<div data-halftone="gallery">${inside.join("")}</div>`);
    await thumbnails(page).nth(1).waitFor();
    await record(page);
    const works = async () => {
      assert.equal(await thumbnails(page).count(), 2);
      await thumbnails(page).nth(1).press("Enter");
      await page.waitForFunction(() => window.told.some((one) => String(one) === "open,1"));
      await page.keyboard.press("Escape");
      await large(page).waitFor({ state: "detached" });
      await page.evaluate(() => window.told.splice(0));
    };
    await moved(page, "[data-halftone]", works);
    await thumbnails(page).nth(0).click();
    await untilTold(page, ["open", 0]);
    await page.evaluate(() => document.querySelector("[data-halftone]").remove());
    await large(page).waitFor({ state: "detached" });
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
