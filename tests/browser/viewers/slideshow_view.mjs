// The old slideshow's functions, in pages as the guide writes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertAccessible, BASE, head, on, parameters, SCENES, until } from "./support.mjs";

const HEAD = head("js/slideshow_view.min.js");
const PLACE = '<div id="slideshow1" style="width:600px; height:400px;"></div>';

const show = (options) =>
  `${PLACE}<script>slideshow_view_init('slideshow1', { mode: 'slide', delay: 1000, duration: 20,
    server: '${BASE}/', folder: '/scenes', ${options} });</script>`;

const untilShown = (page, number, count = SCENES.length) =>
  page.waitForSelector(`.halftone-slideshow-seen[aria-label="${number} of ${count}"]`);
const call = (page, name, ...more) =>
  page.evaluate(([of, values]) => window[of]("slideshow1", ...values), [`slideshow_view_${name}`, more]);

test("slideshow_view: the functions", async () => {
  await on(HEAD, show(""), {}, async (page) => {
    await untilShown(page, 1);
    for (const [name, values, number] of [["next", [], 2], ["next", [], 3], ["prev", [], 2], ["index", [4], 5], ["next", [], 1], ["prev", [], 5], ["index", [0], 1]]) {
      await call(page, name, ...values);
      await untilShown(page, number);
    }
    await page.evaluate(() => slideshow_view_next("nothing"));
  });
  // Long enough for each to be seen on a busy machine.
  await on(HEAD, show("delay: 0.6"), {}, async (page) => {
    await untilShown(page, 3);
    await call(page, "stop");
    const at = await page.getAttribute(".halftone-slideshow-seen", "aria-label");
    await page.evaluate(() => new Promise((passed) => setTimeout(passed, 1500)));
    assert.equal(await page.getAttribute(".halftone-slideshow-seen", "aria-label"), at);
    await call(page, "start");
    await page.waitForFunction((was) => document.querySelector(".halftone-slideshow-seen").getAttribute("aria-label") !== was, at);
  });
});

test("slideshow_view: mode and duration", async () => {
  // What moves, by its keyframes: the one that comes, then the one that goes.
  const expected = {
    slide: [["translateX(100%)", "none"], ["none", "translateX(-100%)"]],
    stack: [["translateX(100%)", "none"], ["none", "translateX(0px)"]],
    fade: [["0", "1"], ["1", "0"]],
  };
  for (const [mode, frames] of Object.entries(expected)) {
    await on(HEAD, show(`mode: '${mode}', duration: 4000`), {}, async (page) => {
      await untilShown(page, 1);
      const found = await page.evaluate(() => {
        slideshow_view_next("slideshow1");
        return document.getAnimations().map(({ effect }) => [
          effect.getTiming().duration,
          effect.getKeyframes().map(({ transform, opacity }) => opacity ?? transform),
        ]);
      });
      assert.deepEqual(found.map(([duration]) => duration), [4000, 4000], mode);
      assert.deepEqual(found.map(([, keyframes]) => keyframes), frames, mode);
    });
  }
});

test("slideshow_view: usual delay and duration", async () => {
  const usual = `${PLACE}<script>slideshow_view_init('slideshow1', { mode: 'fade', server: '${BASE}/', folder: '/scenes' });</script>`;
  // Notes for how long timers and movements are started.
  const times = `<script>var delays = [], durations = [];
    (function (set, animate) {
      window.setTimeout = function (act, delay) { delays.push(delay); return set(act, delay); };
      Element.prototype.animate = function (frames, timing) {
        durations.push(timing.duration);
        return animate.call(this, frames, timing);
      };
    })(window.setTimeout, Element.prototype.animate);</script>`;
  await on(times + HEAD, usual, {}, async (page) => {
    await untilShown(page, 1);
    await untilShown(page, 2);
    assert.deepEqual(await page.evaluate(() => window.durations.slice(0, 2)), [1000, 1000]);
    assert.ok(await page.evaluate(() => window.delays.includes(5000)), "the next one after 5 s");
  });
});

test("slideshow_view: controls, dots and their colours", async () => {
  const counts = async (page) => [
    await page.locator(".halftone-slideshow-previous, .halftone-slideshow-next").count(),
    await page.locator(".halftone-slideshow-dot").count(),
  ];
  const colours = (page) =>
    page.$$eval(".halftone-slideshow-dot", (dots) => dots.slice(0, 2).map((dot) => getComputedStyle(dot, "::before").backgroundColor));
  await on(HEAD, show(""), {}, async (page) => {
    await untilShown(page, 1);
    assert.deepEqual(await counts(page), [2, SCENES.length]);
    assert.deepEqual(await colours(page), ["rgb(221, 221, 221)", "rgb(102, 102, 102)"]);
    await assertAccessible(page);
  });
  await on(HEAD, show("controls: false"), {}, async (page) => {
    await untilShown(page, 1);
    assert.deepEqual(await counts(page), [0, SCENES.length]);
  });
  await on(HEAD, show("dots: false"), {}, async (page) => {
    await untilShown(page, 1);
    assert.deepEqual(await counts(page), [2, 0]);
  });
  await on(HEAD, show("dotColor: '#112233', dotSelectedColor: 'red'"), {}, async (page) => {
    await untilShown(page, 1);
    assert.deepEqual(await colours(page), ["rgb(255, 0, 0)", "rgb(17, 34, 51)"]);
    await page.getByRole("button", { name: "Show picture 2" }).click();
    await untilShown(page, 2);
  });
});

test("slideshow_view: params, and a list with links", async () => {
  await on(HEAD, show("params: { format: 'png', angle: 45 }"), {}, async (page, requests) => {
    await until("two pictures", () => requests.length === 2);
    for (const url of requests) {
      const { format, angle, width, height } = parameters(url);
      assert.deepEqual([format, angle, width, height], ["png", "45", "640", "480"]);
    }
  });
  const list = `${PLACE}<script>slideshow_view_init('slideshow1', { mode: 'fade', delay: 7.5, server: '${BASE}/',
    images: [
      { src: 'scenes/city.jpg' },
      { src: 'scenes/meadow.jpg', url: '#one', server: '${BASE}' },
      { src: 'scenes/seashore.jpg', url: '#two', left: 0.2, right: 0.8 }
    ] });</script>`;
  await on(HEAD, list, {}, async (page, requests) => {
    await untilShown(page, 1, 3);
    assert.equal(await page.locator(".halftone-slideshow-seen a").count(), 0);
    await call(page, "index", 2);
    await untilShown(page, 3, 3);
    await until("the third", () => requests.some((url) => parameters(url).left === "0.2" && parameters(url).right === "0.8"));
    await page.locator(".halftone-slideshow-seen a").click({ position: { x: 300, y: 100 } });
    await page.waitForURL(/#two$/);
  });
});

test("slideshow_view: pauseOnHover", async () => {
  const label = (page) => page.getAttribute(".halftone-slideshow-seen", "aria-label");
  const goesOn = (page, at) =>
    page.waitForFunction((was) => document.querySelector(".halftone-slideshow-seen").getAttribute("aria-label") !== was, at);
  for (const [options, pauses] of [["", true], ["pauseOnHover: true,", true], ["pauseOnHover: false,", false]]) {
    await on(HEAD, show(`${options} delay: 0.3`), {}, async (page) => {
      await untilShown(page, 1);
      await page.mouse.move(300, 200);
      const at = await label(page);
      if (pauses) {
        await page.evaluate(() => new Promise((passed) => setTimeout(passed, 900)));
        assert.equal(await label(page), at, options);
        await page.mouse.move(1, 1);
      }
      await goesOn(page, at);
    });
  }
});

test("slideshow_view: bgColor", async () => {
  await on(HEAD, show("mode: 'stack', bgColor: '#abcdef'"), {}, async (page) => {
    await untilShown(page, 1);
    assert.equal(await page.$eval(".halftone-slideshow-seen", (slide) => getComputedStyle(slide).backgroundColor), "rgb(171, 205, 239)");
  });
});
