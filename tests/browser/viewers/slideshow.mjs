// <halftone-slideshow>, and data-halftone="slideshow".

import assert from "node:assert/strict";
import { test } from "node:test";

import { add, assertAccessible, assertWithin, BASE, fitted, head, moved, on, parameters, placeOf, SCENES, shoot, SIZES, until, words } from "./support.mjs";

const HEAD = head("halftone-slideshow.css", "halftone-slideshow.js");
const STILL = '<halftone-slideshow folder="scenes" delay="1000" duration="50"></halftone-slideshow>';

const seen = (page) => page.locator(".halftone-slideshow-seen");
const untilShown = (page, number) =>
  page.waitForSelector(`.halftone-slideshow-seen[aria-label="${number} of ${SCENES.length}"]`);

// Waits until it has told of a picture, which may be seen too shortly to be found.
async function untilTold(page, index) {
  await page.evaluate(() => {
    window.told = new Set();
    addEventListener("halftone-change", ({ detail }) => window.told.add(detail.index));
  });
  await page.waitForFunction((wanted) => window.told.has(wanted), index);
}

test("slideshow: goes on by itself, by buttons, dots, keys and fingers", async () => {
  await on(HEAD, STILL, {}, async (page, requests) => {
    await untilShown(page, 1);
    await until("the first and the next one", () => requests.length === 2);
    await page.getByRole("button", { name: "Next picture" }).click();
    await untilShown(page, 2);
    await page.getByRole("button", { name: "Show picture 5" }).click();
    await untilShown(page, 5);
    await page.keyboard.press("ArrowRight");
    await untilShown(page, 1);
    await page.keyboard.press("ArrowLeft");
    await untilShown(page, 5);
    const box = await placeOf(page.locator(".halftone-slideshow-stage"));
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 90, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await untilShown(page, 1);
    // At rest one is to be seen, the others neither seen nor told of.
    await page.waitForFunction(() => [...document.querySelectorAll(".halftone-slideshow-slide")]
      .filter((slide) => getComputedStyle(slide).visibility === "visible" && !slide.inert).length === 1);
  });
  const quick = '<halftone-slideshow folder="scenes" delay="0.2" duration="50"></halftone-slideshow>';
  await on(HEAD, quick, {}, async (page) => {
    await untilTold(page, 3);
  });
});

test("slideshow: can be stopped, and waits for whoever looks closer", async () => {
  const quick = '<halftone-slideshow folder="scenes" delay="0.1" duration="10"></halftone-slideshow>';
  await on(HEAD, quick, {}, async (page) => {
    await untilTold(page, 3);
    await page.getByRole("button", { name: "Pause the slideshow" }).click();
    await page.getByRole("button", { name: "Start the slideshow" }).waitFor();
    const at = await seen(page).getAttribute("aria-label");
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement.blur());
    await page.evaluate(() => new Promise((passed) => setTimeout(passed, 500)));
    assert.equal(await seen(page).getAttribute("aria-label"), at);
  });
  await on(HEAD, quick, { reducedMotion: "reduce" }, async (page) => {
    await untilShown(page, 1);
    await page.getByRole("button", { name: "Start the slideshow" }).waitFor();
  });
});

test("slideshow: goes on for fingers, which leave the focus behind, and waits for keys", async () => {
  const slow = '<halftone-slideshow folder="scenes" delay="0.5" duration="10"></halftone-slideshow>';
  await on(HEAD, slow, { hasTouch: true }, async (page) => {
    await page.getByRole("button", { name: "Next picture" }).tap();
    await page.waitForFunction(() => document.activeElement.title === "Next picture");
    await untilTold(page, 4);
    await untilTold(page, 1);
    await page.keyboard.press("Tab");
    const at = await seen(page).getAttribute("aria-label");
    // What points at it and goes away again changes nothing for who uses the keyboard.
    const box = await placeOf(page.locator(".halftone-slideshow-stage"));
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.move(0, 0);
    await page.evaluate(() => new Promise((passed) => setTimeout(passed, 1500)));
    assert.equal(await seen(page).getAttribute("aria-label"), at);
  });
});

test("slideshow: the controls stand at the pictures", async () => {
  const inside = (names) => names.map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=200">`).join("");
  const show = (names, width, height, attributes = "") =>
    `<halftone-slideshow delay="1000" duration="10" ${attributes} style="width: ${width}px; height: ${height}px; aspect-ratio: auto">${inside(names)}</halftone-slideshow>`;
  const shapes = { city: 3 / 2, meadow: 5 / 7 };
  for (const direction of ["ltr", "rtl"]) {
    for (const [name, width, height] of [["city", 900, 300], ["city", 300, 200], ["city", 300, 500], ["meadow", 358, 201]]) {
      await on(HEAD, show([name, name], width, height), { direction }, async (page) => {
        await page.waitForFunction(() => document.querySelector(".halftone-slideshow").style.getPropertyValue("--halftone-widest") !== "");
        const picture = fitted(await page.locator("halftone-slideshow").boundingBox(), shapes[name]);
        for (const button of await page.locator("halftone-slideshow button").all()) {
          const what = `${await button.getAttribute("aria-label")}: ${name} in ${width} × ${height}, ${direction}`;
          assertWithin(await button.boundingBox(), picture, what);
        }
      });
    }
  }
  // Where pictures have several shapes the buttons stay where they are.
  await on(HEAD, show(["city", "meadow"], 900, 300), {}, async (page) => {
    const next = page.getByRole("button", { name: "Next picture" });
    await page.waitForSelector('.halftone-slideshow-seen [alt="city"]');
    await page.waitForFunction(() => document.querySelector(".halftone-slideshow").style.getPropertyValue("--halftone-narrowest").startsWith("0.7"));
    const before = await next.boundingBox();
    await next.click();
    await page.waitForSelector('.halftone-slideshow-seen [alt="meadow"]');
    assert.deepEqual(await next.boundingBox(), before);
  });
  // One picture has nothing to control.
  await on(HEAD, show(["city"], 300, 200), {}, async (page) => {
    await page.waitForSelector('.halftone-slideshow-seen [alt="city"]');
    assert.equal(await page.getByRole("button").count(), 0);
  });
  // Many have one line of dots, in which the one that is shown can be seen.
  const many = Array.from({ length: 8 }, () => SCENES).flat();
  await on(HEAD, show(many, 300, 200), {}, async (page) => {
    await page.waitForSelector(".halftone-slideshow-seen");
    await page.evaluate(() => document.querySelector("halftone-slideshow").show(20));
    const current = page.locator('.halftone-slideshow-dot[aria-current="true"]');
    await page.waitForSelector(`.halftone-slideshow-seen[aria-label="21 of ${many.length}"]`);
    assertWithin(await current.boundingBox(), await page.locator("halftone-slideshow").boundingBox(), "the dot");
    assert.ok((await page.locator(".halftone-slideshow-dots").boundingBox()).height < 30, "one line");
  });
});

test("slideshow: pictures and links inside, right to left", async () => {
  const picture = (name) => `<img src="${BASE}/image?src=scenes/${name}.jpg&width=160" alt="${name}">`;
  const body = `<div data-halftone="slideshow" data-delay="1000" data-duration="10" data-mode="fade" data-dots="off"
    style="width: 30rem; height: 20rem"><a href="/0#one">${picture("city")}</a>${picture("meadow")}</div>`;
  await on(HEAD, body, { direction: "rtl" }, async (page, requests) => {
    await page.waitForSelector('.halftone-slideshow-seen [alt="city"]');
    assert.match(await page.$eval(".halftone-slideshow-seen a", (link) => link.href), /\/0#one$/);
    assert.equal(await page.locator(".halftone-slideshow-dot").count(), 0);
    const previous = await page.getByRole("button", { name: "Previous picture" }).boundingBox();
    const next = await page.getByRole("button", { name: "Next picture" }).boundingBox();
    assert.ok(previous.x > next.x, "what comes before is at the right");
    // A link under a finger that turns over is not followed.
    const box = await placeOf(page.locator(".halftone-slideshow-stage"));
    await page.mouse.move(box.x + 120, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 240, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForSelector('.halftone-slideshow-seen [alt="meadow"]');
    assert.doesNotMatch(page.url(), /#one$/);
    await page.getByRole("button", { name: "Next picture" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForSelector('.halftone-slideshow-seen [alt="city"]');
    await page.keyboard.press("ArrowLeft");
    await page.waitForSelector('.halftone-slideshow-seen [alt="meadow"]');
    await until("sizes of the place", () => requests.some((url) => parameters(url).width === "480"));
  });
});

test("slideshow: goes on elsewhere in the page", async () => {
  const inside = SCENES.map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=200">`);
  const still = `<halftone-slideshow delay="1000" duration="50">${inside.join("")}</halftone-slideshow>`;
  for (const body of [still, STILL]) {
    await on(HEAD, body, {}, async (page) => {
      await untilShown(page, 1);
      await page.getByRole("button", { name: "Show picture 3" }).click();
      await untilShown(page, 3);
      await page.evaluate(() => document.querySelector("main").prepend(document.querySelector("halftone-slideshow")));
      await untilShown(page, 3);
      await moved(page, "halftone-slideshow", async () => {
        await seen(page).waitFor();
        await page.getByRole("button", { name: "Show picture 5" }).click();
        await untilShown(page, 5);
        assert.equal(await page.locator(".halftone-slideshow").count(), 1);
      });
    });
  }
});

test("slideshow: what comes later, and goes", async () => {
  const inside = SCENES.map((name) => `<img alt="${name}" src="${BASE}/image?src=scenes/${name}.jpg&width=200">`);
  await on(HEAD, "", {}, async (page) => {
    await page.evaluate(() => {
      window.told = 0;
      addEventListener("halftone-change", () => (window.told += 1));
    });
    await add(page, `<div data-halftone="slideshow" data-delay="0.1" data-duration="10" style="width: 30rem; height: 20rem">${inside.join("")}</div>`);
    await page.waitForFunction(() => window.told > 2);
    const told = await page.evaluate(async () => {
      window.gone = document.querySelector("[data-halftone]");
      window.gone.addEventListener("halftone-change", () => (window.told += 1));
      window.gone.remove();
      await Promise.resolve();
      return window.told;
    });
    await page.evaluate(() => new Promise((passed) => setTimeout(passed, 500)));
    assert.equal(await page.evaluate(() => window.told), told, "nothing goes on unseen");
    await page.evaluate(() => document.querySelector("main").append(window.gone));
    await page.waitForFunction((before) => window.told > before, told);
    assert.equal(await page.locator(".halftone-slideshow").count(), 1);
    assert.equal(await page.locator(".halftone-slideshow-slide").count(), SCENES.length);
  });
});

test("slideshow: in the words of the page, without motion, and room for fingers", async () => {
  const said = { next: "Weiter", place: "Bild {index} von {count}", "go-to": "Zu Bild {index}", carousel: "Bilderschau", empty: "Nichts" };
  await on(HEAD + words(said), STILL, { reducedMotion: "reduce" }, async (page) => {
    await page.waitForSelector(`.halftone-slideshow-seen[aria-label="Bild 1 von ${SCENES.length}"]`);
    assert.equal(await page.getAttribute(".halftone-slideshow", "aria-roledescription"), "Bilderschau");
    await page.getByRole("button", { name: "Zu Bild 4" }).waitFor();
    await page.getByRole("button", { name: "Weiter" }).click();
    const moving = await page.evaluate(() => document.getAnimations().filter(({ effect }) => effect.getComputedTiming().duration > 0).length);
    assert.equal(moving, 0);
    await page.waitForSelector(`.halftone-slideshow-seen[aria-label="Bild 2 von ${SCENES.length}"]`);
    // Two fingers are the browser's, which makes the page larger.
    assert.match(await page.$eval(".halftone-slideshow-stage", (stage) => getComputedStyle(stage).touchAction), /pinch-zoom/);
  });
  await on(HEAD + words(said), "<halftone-slideshow></halftone-slideshow>", {}, async (page) => {
    await page.getByText("Nichts").waitFor();
  });
});

test("slideshow: nothing that keeps people out, and how it looks", async () => {
  for (const [size, viewport] of SIZES) {
    await on(HEAD, STILL, { viewport }, async (page) => {
      await untilShown(page, 1);
      await assertAccessible(page);
      await shoot(page, `viewer-slideshow-${size}`);
    });
  }
});
