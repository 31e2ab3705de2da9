// <halftone-zoom>, and data-halftone="zoom".

import assert from "node:assert/strict";
import { test } from "node:test";

import { add, assertAccessible, assertWithin, BASE, CITY, drag, fitted, head, insist, moved, on, parameters, placeOf, quiet, shoot, SIZES, spread, until, words } from "./support.mjs";

const HEAD = head("halftone-zoom.css", "halftone-zoom.js");
const ZOOM = `<halftone-zoom src="${CITY}" alt="A city at night" controls="yes" style="max-width: 60rem"></halftone-zoom>`;

const ready = (page) => page.waitForSelector('[data-state="ready"]');
const magnification = (page) => page.$eval("halftone-zoom", (zoom) => zoom.magnification);

// The magnification that shows all of the picture.
async function home(page) {
  await ready(page);
  await quiet(page);
  return magnification(page);
}
const stage = (page) => page.locator(".halftone-zoom-stage .openseadragon-canvas");

// How exactly magnifications are compared: their steps are larger than that.
const TOLERANCE = 0.02;

// Waits for a magnification between two, or near one.
async function untilMagnification(page, low, high = low) {
  const range = [low * (1 - TOLERANCE), high * (1 + TOLERANCE)];
  await page.waitForFunction(([least, most]) => {
    const now = document.querySelector("halftone-zoom").magnification;
    return now >= least && now <= most;
  }, range);
}

const FULLEST = 2;

// Clicks until the button says that there is nothing more.
const toFullest = (page) =>
  until("it is as large as it gets", async () => {
    const button = page.getByRole("button", { name: "Zoom in" });
    if ((await button.getAttribute("aria-disabled")) === "true") return true;
    await button.click();
    return false;
  });

// The demo picture has 3000 × 2000 pixels: its levels are 3000, 1500, 750 and 375 wide, cut by grids of
// 8, 4, 2 and 1.
const GRIDS = { 0: 64, 1500: 16, 750: 4, 375: 1 };

function assertTile(url) {
  const { width, height, tile } = parameters(url);
  const cells = tile ? Number(tile.split(":")[1]) : 1;
  assert.equal(height, "0", url.href);
  if (cells === 256) return; // how the size is learned
  assert.equal(cells, GRIDS[width], url.href);
}

test("zoom: one picture at first, then tiles of what is seen, to full size", async () => {
  await on(HEAD, ZOOM, {}, async (page, requests) => {
    await ready(page);
    const first = parameters(requests[0]);
    assert.equal(first.tile, undefined);
    assert.deepEqual([first.width, first.autosizefit, first.format], ["960", "1", "auto"]);
    await toFullest(page);
    await untilMagnification(page, 1, FULLEST);
    await until("tiles of the full size", () =>
      requests.some((url) => parameters(url).width === "0" && url.searchParams.get("tile")?.endsWith(":64")));
    await quiet(page);
    requests.slice(1).forEach(assertTile);
    const full = requests.filter((url) => url.searchParams.get("tile")?.endsWith(":64"));
    assert.ok(full.length > 0 && full.length < 32, `${full.length} tiles of 64`);
    assert.equal(new Set(requests.map(String)).size, requests.length, "nothing is asked for twice");
    assert.equal(await page.locator(".halftone-zoom-preview").isVisible(), false);
  });
});

test("zoom: what is seen at full size are the picture's own pixels", async () => {
  const chart = `<halftone-zoom src="${BASE}/image?src=charts/resolution.png" style="width: 400px; height: 300px"></halftone-zoom>`;
  await on(HEAD, chart, {}, async (page, requests) => {
    await ready(page);
    const details = await page.evaluate(async (base) =>
      (await (await fetch(`${base}/api/v1/details/?src=charts/resolution.png`)).json()).data, BASE);
    const box = await placeOf(stage(page));
    const expected = Math.min(box.width / details.width, box.height / details.height);
    await untilMagnification(page, expected);
    await until("tiles", () => requests.length > 2);
  });
});

test("zoom: dragging, the wheel, fingers and keys", async () => {
  await on(HEAD, ZOOM, { hasTouch: true }, async (page, requests, context) => {
    const whole = await home(page);
    const box = await placeOf(stage(page));
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    // Turns that follow each other too fast count as one.
    const wheel = () => page.mouse.wheel(0, -120);
    await insist("the wheel zooms in", wheel, async () => (await magnification(page)) > whole * 1.5, 4);
    await quiet(page);

    const before = requests.length;
    await page.mouse.down();
    await page.mouse.move(x - 400, y - 200, { steps: 8 });
    await page.mouse.up();
    await until("tiles beside those that were seen", () => requests.length > before);

    await stage(page).focus();
    await page.keyboard.press("0");
    await untilMagnification(page, whole);
    // One step is a tenth.
    await page.keyboard.press("+");
    await untilMagnification(page, whole * 1.1);
    await page.keyboard.press("f");
    await untilMagnification(page, whole * 1.1);
    await page.keyboard.press("0");
    await untilMagnification(page, whole);

    await spread(page, context, { x, y }, 40, 160);
    await untilMagnification(page, whole * 1.5, FULLEST);
  });
});

// The demo pictures' shapes, and places of several.
const SHAPES = { city: 3 / 2, meadow: 5 / 7 };
const PLACES = [[250, 200], [300, 200], [800, 300], [300, 500], [160, 120]];

test("zoom: the controls stand at the picture", async () => {
  for (const direction of ["ltr", "rtl"]) {
    const zooms = Object.keys(SHAPES).flatMap((name) => PLACES.map(([width, height]) =>
      `<halftone-zoom src="${BASE}/image?src=scenes/${name}.jpg" data-shape="${SHAPES[name]}" buttons="in out reset about help fullscreen"
        controls="yes" style="width: ${width}px; height: ${height}px; aspect-ratio: auto; margin: 8px"></halftone-zoom>`));
    zooms.push(`<halftone-zoom src="${CITY}" data-shape="1.5" controls="yes" style="width: 400px; min-height: 500px; aspect-ratio: auto"></halftone-zoom>`);
    await on(HEAD, zooms.join(""), { direction }, async (page) => {
      await page.waitForFunction((count) => document.querySelectorAll('[data-state="ready"]').length === count, zooms.length);
      for (const zoom of await page.locator("halftone-zoom").all()) {
        const [place, bar] = [await zoom.boundingBox(), await zoom.locator(".halftone-zoom-bar").boundingBox()];
        const picture = fitted(place, Number(await zoom.getAttribute("data-shape")));
        const what = `${direction}, ${picture.width} × ${picture.height} in ${place.width} × ${place.height}`;
        assertWithin(bar, place, what);
        if (picture.width > bar.width) assertWithin(bar, picture, what);
        const off = bar.x + bar.width / 2 - picture.x - picture.width / 2;
        if (picture.width <= bar.width) assert.ok(Math.abs(off) < 2, `${what}: ${off} beside its middle`);
        else assert.ok(Math.abs(off) < 10 || off < 0 === (direction === "rtl"), `${what}: at the end`);
        // A finger finds them.
        const size = await zoom.locator(".halftone-zoom-bar button").first().boundingBox();
        assert.ok(size.width >= 24 && size.height >= 24, what);
      }
    });
  }
});

test("zoom: a picture that is whole lets the page be scrolled past it", async () => {
  const long = `${ZOOM}<div style="height: 3000px"></div>`;
  const top = (page) => page.evaluate(() => window.scrollY);
  const [phone, viewport] = [{ hasTouch: true, isMobile: true }, SIZES[1][1]];
  await on(HEAD, long, { ...phone, viewport }, async (page, _requests, context) => {
    const whole = await home(page);
    const place = async () => {
      const box = await placeOf(stage(page));
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    const scrolls = async () => drag(page, context, await place(), [0, -100]);
    await insist("one finger scrolls the page", scrolls, async () => (await top(page)) > 20);
    await spread(page, context, await place(), 30, 110);
    await untilMagnification(page, whole * 1.5, FULLEST);
    assert.equal(await page.evaluate(() => visualViewport.scale), 1, "two are the viewer's");
    const before = await top(page);
    await drag(page, context, await place(), [0, -60]);
    await quiet(page);
    assert.equal(await top(page), before, "what is enlarged is moved itself");
  });
  await on(HEAD, long, {}, async (page) => {
    const whole = await home(page);
    const box = await placeOf(stage(page));
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    // Fingers on a pad that are brought together are the viewer's, too: a page is not made smaller.
    await page.evaluate(() => addEventListener("wheel", ({ defaultPrevented }) => (window.taken = defaultPrevented)));
    await page.keyboard.down("Control");
    await insist("it is taken", () => page.mouse.wheel(0, 60), () => page.evaluate(() => window.taken === true));
    await page.keyboard.up("Control");
    await insist("the wheel scrolls the page", () => page.mouse.wheel(0, 60), async () => (await top(page)) > 0);
    await untilMagnification(page, whole);
  });
});

test("zoom: full size, keys from everywhere in it, and what goes away again", async () => {
  await on(HEAD, ZOOM, { deviceScaleFactor: 2 }, async (page) => {
    const whole = await home(page);
    const expanded = (name) => page.getByRole("button", { name }).getAttribute("aria-expanded");
    assert.equal(await page.getByRole("button", { name: "Zoom out" }).getAttribute("aria-disabled"), "true");
    await page.getByRole("button", { name: "Full size (1:1)" }).click();
    // Two pixels of the screen are one of the page.
    await untilMagnification(page, 0.5);
    assert.equal(await page.getByRole("button", { name: "Zoom out" }).getAttribute("aria-disabled"), "false");
    await page.keyboard.press("0");
    await untilMagnification(page, whole);
    await page.keyboard.press("1");
    await untilMagnification(page, 0.5);
    await page.keyboard.press("Control+0");
    await page.getByRole("button", { name: "Help" }).click();
    assert.equal(await expanded("Help"), "true");
    await page.getByRole("button", { name: "About this picture" }).click();
    assert.deepEqual([await expanded("Help"), await expanded("About this picture")], ["false", "true"]);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".halftone-zoom-info").isVisible(), false);
    await untilMagnification(page, 0.5);
    await page.getByRole("button", { name: "Help" }).click();
    const box = await placeOf(stage(page));
    await page.mouse.click(box.x + 20, box.y + 20);
    await page.waitForSelector(".halftone-zoom-help", { state: "hidden" });
  });
  const image = `<p><img data-halftone="zoom" src="${CITY}&width=200" width="200" alt="A city"></p>`;
  await on(HEAD, image, {}, async (page) => {
    await page.getByRole("button", { name: "Show A city large" }).click();
    await page.waitForSelector("dialog [data-state=ready]");
    await page.keyboard.press("+");
    await page.waitForSelector("dialog [data-zoomed=true]");
  });
});

test("zoom: what is whole stays whole in a place of another size", async () => {
  await on(HEAD, ZOOM, {}, async (page) => {
    const whole = await home(page);
    await page.$eval("halftone-zoom", (zoom) => Object.assign(zoom.style, { width: "300px", height: "600px", aspectRatio: "auto" }));
    await untilMagnification(page, 0.1);
    await page.getByRole("button", { name: "Show controls" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Full screen" }).click();
    await page.waitForFunction(() => document.fullscreenElement !== null);
    // 1280 × 800 for 3000 × 2000.
    await untilMagnification(page, 0.4);
    assert.ok(whole < 0.4);
  });
});

test("zoom: in words for fingers", async () => {
  await on(HEAD, ZOOM, { hasTouch: true, isMobile: true, viewport: SIZES[1][1] }, async (page) => {
    await ready(page);
    await page.getByRole("button", { name: "Help" }).click();
    const help = await page.locator(".halftone-zoom-help").innerText();
    assert.match(help, /two fingers/);
    assert.doesNotMatch(help, /wheel|press/);
    const [text, all] = [await page.locator(".halftone-zoom-help").boundingBox(), await page.locator("halftone-zoom").boundingBox()];
    assert.ok(text.height < all.height / 2, "most of the picture is to be seen");
  });
});

test("zoom: a double click shows all of it again", async () => {
  await on(HEAD, ZOOM, {}, async (page) => {
    const whole = await home(page);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await untilMagnification(page, whole * 1.6);
    // Clicks that come too slowly are two.
    const isWhole = async () => Math.abs((await magnification(page)) / whole - 1) < TOLERANCE;
    await insist("a double click", () => stage(page).dblclick(), isWhole);
  });
});

test("zoom: full screen, and what it tells", async () => {
  await on(HEAD, ZOOM, {}, async (page) => {
    await page.evaluate(() => {
      window.told = [];
      for (const name of ["load", "fullscreen", "info"]) {
        document.addEventListener(`halftone-${name}`, ({ detail }) => window.told.push([name, detail]));
      }
    });
    await ready(page);
    await page.getByRole("button", { name: "Full screen" }).click();
    await page.waitForFunction(() => document.fullscreenElement?.className.includes("halftone-zoom"));
    await page.getByRole("button", { name: "Leave full screen" }).click();
    await page.waitForFunction(() => document.fullscreenElement === null &&
      window.told.some(([name, detail]) => name === "fullscreen" && !detail.on));
    await page.getByRole("button", { name: "About this picture" }).click();
    const events = await page.evaluate(() => window.told.filter(([name]) => name !== "load"));
    assert.deepEqual(events, [
      ["fullscreen", { src: CITY, on: true }],
      ["fullscreen", { src: CITY, on: false }],
      ["info", { src: CITY }],
    ]);
    assert.equal(await page.locator(".halftone-zoom-title").innerText(), "A city at night");
  });
});

test("zoom: dense screens, less motion, right to left", async () => {
  await on(HEAD, ZOOM, { deviceScaleFactor: 2 }, async (page, requests) => {
    await ready(page);
    assert.equal(parameters(requests[0]).width, "1920");
  });
  await on(HEAD, ZOOM, { reducedMotion: "reduce" }, async (page) => {
    const whole = await home(page);
    await page.getByRole("button", { name: "Zoom in" }).click();
    const now = await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() =>
      requestAnimationFrame(() => drawn(document.querySelector("halftone-zoom").magnification)))));
    assert.ok(Math.abs(now / whole / 1.6 - 1) < TOLERANCE, `${now / whole} at once`);
  });
  await on(HEAD, ZOOM, { direction: "rtl" }, async (page) => {
    await ready(page);
    const bar = await page.locator(".halftone-zoom-bar").boundingBox();
    const all = await page.locator("halftone-zoom").boundingBox();
    assert.ok(bar.x - all.x < 20, "the controls are at the left");
  });
});

test("zoom: buttons and attributes", async () => {
  const body = `<halftone-zoom src="${CITY}" controls="yes" buttons="in out" max-tiles="4" smooth="off"></halftone-zoom>`;
  await on(HEAD, body, {}, async (page, requests) => {
    await ready(page);
    assert.equal(await page.locator(".halftone-zoom-bar button").count(), 2);
    assert.ok(await page.$(".halftone-zoom-pixels"));
    await toFullest(page);
    await until("a tile of 4 of the full size", () =>
      requests.some((url) => parameters(url).width === "0" && url.searchParams.get("tile")?.endsWith(":4")));
    // Another picture in its place.
    await page.$eval("halftone-zoom", (zoom, src) => zoom.setAttribute("src", src), `${BASE}/image?src=scenes/meadow.jpg`);
    await until("the other picture", () => requests.some((url) => parameters(url).src === "scenes/meadow.jpg"));
  });
});

test("zoom: goes on elsewhere in the page", async () => {
  await on(HEAD, ZOOM, {}, async (page) => {
    const fitted = await home(page);
    await moved(page, "halftone-zoom", async () => {
      await ready(page);
      await untilMagnification(page, fitted);
      assert.equal(await page.locator(".halftone-zoom").count(), 1);
    });
  });
});

test("zoom: by attributes of other elements", async () => {
  const body =
    `<p><img data-halftone="zoom" src="${CITY}&width=200" width="200" alt="A city"></p>` +
    `<div data-halftone="zoom" data-src="${CITY}" data-controls="yes" style="width: 20rem; height: 14rem"></div>`;
  await on(HEAD, body, {}, async (page) => {
    await ready(page);
    assert.equal(await page.locator("div[data-halftone] .halftone-zoom-bar button").count(), 7);
    await page.getByRole("button", { name: "Show A city large" }).press("Enter");
    await page.waitForSelector("dialog [data-state=ready]");
    const shown = await page.locator("dialog .halftone-zoom").boundingBox();
    assert.deepEqual([shown.width, shown.height], [1280, 800]);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  });
});

test("zoom: what comes later, is changed, and goes", async () => {
  await on(HEAD, "", {}, async (page, requests) => {
    await add(page, `<section><p><img data-halftone="zoom" src="${CITY}&width=200" width="200" alt="A city"></p>
      <div id="place" data-halftone="zoom" data-src="${CITY}" data-controls="yes" style="width: 20rem; height: 14rem"></div></section>`);
    await ready(page);
    await page.$eval("#place", (place, src) => (place.dataset.src = src), `${BASE}/image?src=scenes/meadow.jpg`);
    await until("the other picture", () => requests.some((url) => parameters(url).src === "scenes/meadow.jpg"));
    await ready(page);
    assert.equal(await page.locator(".halftone-zoom").count(), 1);
    await page.getByRole("button", { name: "Show A city large" }).press("Enter");
    await page.waitForSelector("dialog [data-state=ready]");
    // Another part of the page took this one's place, and with it what was opened from it.
    const gone = await page.evaluateHandle(() => {
      const section = document.querySelector("section");
      section.remove();
      return section;
    });
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await gone.evaluate((section) => section.querySelector(".halftone-zoom")), null);
    await gone.evaluate((section) => document.querySelector("main").append(section));
    await ready(page);
    // It need no longer be one.
    await page.$eval("img[data-halftone]", (image) => image.removeAttribute("data-halftone"));
    await page.waitForFunction(() => !document.querySelector("section img").hasAttribute("role"));
    // An element that becomes one where it is.
    await page.$eval("h1", (heading, src) => {
      heading.dataset.src = src;
      heading.dataset.halftone = "zoom";
    }, CITY);
    await page.waitForSelector("h1 .halftone-zoom", { state: "attached" });
  });
});

test("zoom: in the words of the page", async () => {
  const said = { "zoom-in": "Größer", "zoomable": "{title}: zum Vergrößern", "about": "<b>Über</b>" };
  const head = HEAD + words({ "help": "Hilfe", "zoom-in": "Größer?" }) + words(said, "de") + words({ "zoom-in": "أكبر", "close": "إغلاق" }, "ar");
  const zoom = (lang) => `<div lang="${lang}">${ZOOM}</div>`;
  await on(head, zoom("de-AT"), {}, async (page) => {
    await ready(page);
    const names = await page.$$eval(".halftone-zoom-bar button", (buttons) => buttons.map((button) => button.title));
    assert.deepEqual(names, ["Größer", "Zoom out", "Full size (1:1)", "Show the whole picture", "<b>Über</b>", "Hilfe", "Full screen"]);
    assert.equal(await page.getAttribute(".openseadragon-canvas", "aria-label"), "A city at night: zum Vergrößern");
  });
  await on(head, zoom("den"), {}, async (page) => {
    await page.getByRole("button", { name: "Größer?" }).waitFor();
  });
  const image = `<p lang="ar" dir="rtl"><img data-halftone="zoom" src="${CITY}&width=200" width="200" alt=""></p>`;
  await on(head, image, {}, async (page) => {
    await page.getByRole("button", { name: "Show the picture large" }).click();
    const close = page.getByRole("button", { name: "إغلاق" });
    const [at, all] = [await close.boundingBox(), page.viewportSize()];
    assert.ok(at.x < all.width / 2, "what closes it is at the left");
    assert.equal(await page.getAttribute("dialog", "lang"), "ar");
    await close.click();
    await page.waitForSelector("dialog", { state: "detached" });
  });
  // What cannot be read is told, and English is left.
  const broken = HEAD + '<script type="application/json" data-halftone-texts>{ "zoom-in": </script>';
  await on(broken, ZOOM, {}, async (page) => {
    await page.getByRole("button", { name: "Zoom in" }).waitFor();
  });
});

test("zoom: a picture that is not there, and the script alone", async () => {
  const missing = `<halftone-zoom src="${BASE}/image?src=no/such.jpg"></halftone-zoom>`;
  await on(head("halftone-zoom.js"), missing, {}, async (page) => {
    await page.getByText("There is no such picture.").waitFor();
    // The styles have come with the script.
    assert.equal(await page.$eval("halftone-zoom", (zoom) => getComputedStyle(zoom).display), "block");
    const names = await page.evaluate(() => Object.keys(window).filter((name) => /halftone|openseadragon/i.test(name)));
    assert.deepEqual(names, []);
  });
});

test("zoom: nothing that keeps people out, and how it looks", async () => {
  for (const [size, viewport] of SIZES) {
    const fingers = size === "phone" ? { hasTouch: true, isMobile: true } : {};
    await on(HEAD, ZOOM, { viewport, ...fingers }, async (page) => {
      await ready(page);
      await page.getByRole("button", { name: "Help" }).click();
      await assertAccessible(page);
      await shoot(page, `viewer-zoom-${size}`);
    });
  }
});
