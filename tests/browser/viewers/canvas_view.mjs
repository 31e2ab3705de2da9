// The old zooming viewer's functions, in pages as the guide writes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertAccessible, BASE, CITY, head, insist, on, parameters, quiet, RECORDER, setTitle, shoot, told, until, waitForTold, words } from "./support.mjs";

const HEAD = head("styles/canvas_view.css", "js/canvas_view.min.js") + RECORDER;
const PLACE = '<div id="viewport1" class="imageviewer" style="width:250px; height:200px;"></div>';
const LARGE = '<div id="viewport1" class="imageviewer" style="width:800px; height:500px;"></div>';

const page1 = (more = "", place = PLACE) =>
  `${place}<script>canvas_view_init('viewport1', '${CITY}'${more});</script>`;

const ready = (page) => page.waitForSelector('[data-state="ready"]');
const names = (page) =>
  page.$$eval(".halftone-zoom-bar button", (buttons) => buttons.map((button) => button.getAttribute("aria-label")));
const call = (page, name) => page.evaluate((of) => window[of]("viewport1"), `canvas_view_${name}`);
const zoomed = (page, is) => page.waitForSelector(`[data-zoomed="${is}"]`);

test("canvas_view: shows a picture of the place's size, by id and by element", async () => {
  const body = `${PLACE}<script>canvas_view_init(document.getElementById('viewport1'),
    '${CITY}&width=37&height=41', null, { onload: log('onload') });</script>`;
  await on(HEAD, body, {}, async (page, requests) => {
    assert.deepEqual(await waitForTold(page, "onload"), [["onload", `${CITY}&width=37&height=41`]]);
    const { width, height } = parameters(requests[0]);
    assert.deepEqual([width, height], ["320", "240"], "the next sizes above 250 × 200");
    await page.evaluate((src) => canvas_view_init("viewport1", src, null, { onload: log("second") }), `${BASE}/image?src=scenes/meadow.jpg`);
    await waitForTold(page, "second");
    assert.equal(await page.locator("#viewport1 .halftone-zoom").count(), 1);
  });
});

test("canvas_view: title and description, given and assigned", async () => {
  await setTitle("scenes/city.jpg", "An assigned title", "An assigned description");
  const events = ", { oninfo: log('oninfo') }";
  await on(HEAD, page1(`, null${events}`), {}, async (page) => {
    await call(page, "toggle_image_info");
    await page.getByText("An assigned title").waitFor();
    await page.getByText("An assigned description").waitFor();
    assert.deepEqual(await told(page, "oninfo"), [["oninfo", CITY]]);
    await call(page, "toggle_image_info");
    assert.equal(await page.getByText("An assigned title").isVisible(), false);
  });
  const given = `, { title: 'My title', description: 'My <b>words</b>' }${events}`;
  await on(HEAD, page1(given), {}, async (page) => {
    await call(page, "toggle_image_info");
    await page.getByText("My title").waitFor();
    await page.getByText("My <b>words</b>").waitFor();
  });
});

test("canvas_view: showcontrols", async () => {
  await on(HEAD, page1(", { showcontrols: 'yes' }"), {}, async (page) => {
    assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), true);
    assert.equal(await page.locator(".halftone-zoom-toggle").count(), 0);
  });
  await on(HEAD, page1(", { showcontrols: 'no' }"), {}, async (page) => {
    await ready(page);
    assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), false);
    assert.equal(await page.locator(".halftone-zoom-toggle").count(), 0);
  });
  for (const options of ["", ", { showcontrols: 'auto' }"]) {
    await on(HEAD, page1(options), {}, async (page) => {
      assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), false);
      await page.getByRole("button", { name: "Show controls" }).click();
      assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), true);
    });
  }
});

test("canvas_view: controls, each by itself", async () => {
  const all = {
    zoomin: "Zoom in", zoomout: "Zoom out", reset: "Show the whole picture", title: "About this picture",
    download: "Download", help: "Help", fullscreen: "Full screen",
  };
  const usual = Object.entries(all).filter(([name]) => name !== "download");
  await on(HEAD, page1(", { showcontrols: 'yes' }"), {}, async (page) => {
    assert.deepEqual(await names(page), usual.map(([, label]) => label));
    for (const [name, label] of Object.entries(all)) {
      const wanted = name === "download";
      const options = { showcontrols: "yes", controls: { [name]: wanted } };
      await page.evaluate(([src, said]) => canvas_view_init("viewport1", src, said), [CITY, options]);
      assert.equal((await names(page)).includes(label), wanted, name);
      assert.equal((await names(page)).length, wanted ? 7 : 5, name);
    }
  });
});

test("canvas_view: quality", async () => {
  for (const [options, smooth] of [["", true], [", { quality: true }", true], [", { quality: false }", false]]) {
    await on(HEAD, page1(options), {}, async (page) => {
      await ready(page);
      await quiet(page);
      await page.waitForFunction((wanted) =>
        document.querySelector(".halftone-zoom-stage canvas")?.getContext("2d").imageSmoothingEnabled === wanted, smooth);
    });
  }
});

test("canvas_view: animation", async () => {
  const every = ["linear", "in-out-back", "in-out-quadratic", "in-out-sine", "out-back", "out-quadratic", "out-sine"];
  for (const animation of every) {
    await on(HEAD, page1(`, { animation: '${animation}' }`), {}, async (page) => {
      await ready(page);
      await call(page, "zoom_in");
      await zoomed(page, true);
      await call(page, "reset");
      await zoomed(page, false);
    });
  }
});

test("canvas_view: maxtiles", async () => {
  const most = (requests) =>
    Math.max(...requests.map((url) => Number(url.searchParams.get("tile")?.split(":")[1] ?? 1)).filter((cells) => cells < 256), 1);
  for (const [maxtiles, expected] of [[1, 1], [4, 4], [16, 16], [64, 64], [256, 64]]) {
    await on(HEAD, page1(`, { maxtiles: ${maxtiles} }`, LARGE), {}, async (page, requests) => {
      await ready(page);
      for (let step = 0; step < 8; step += 1) await call(page, "zoom_in");
      await until(`the full size in ${expected}`, () => requests.some((url) => {
        const { width, tile } = parameters(url);
        return width === "0" && (expected === 1 ? !tile : tile?.endsWith(`:${expected}`));
      }));
      assert.equal(most(requests), expected);
    });
  }
});

test("canvas_view: doubleclickreset", async () => {
  for (const [options, after] of [["", false], [", { doubleclickreset: true }", false], [", { doubleclickreset: false }", true]]) {
    await on(HEAD, page1(options, LARGE), {}, async (page) => {
      await ready(page);
      await call(page, "zoom_in");
      await zoomed(page, true);
      const twice = () => page.locator("#viewport1 .openseadragon-canvas").dblclick();
      const isZoomed = async () => (await page.getAttribute(".halftone-zoom", "data-zoomed")) === "true";
      if (after) await twice();
      // Clicks that come too slowly are two.
      else await insist("a double click", twice, async () => !(await isZoomed()));
      assert.equal(await isZoomed(), after, options);
    });
  }
});

test("canvas_view: the functions", async () => {
  await on(HEAD, page1(", null, { onfullscreen: log('onfullscreen') }", LARGE), {}, async (page) => {
    await ready(page);
    await call(page, "zoom_in");
    await zoomed(page, true);
    await call(page, "zoom_out");
    await zoomed(page, false);
    await call(page, "zoom_in");
    await call(page, "reset");
    await zoomed(page, false);

    await call(page, "toggle_help");
    assert.equal(await page.locator(".halftone-zoom-help").isVisible(), true);
    await call(page, "toggle_help");
    assert.equal(await page.locator(".halftone-zoom-help").isVisible(), false);

    await page.evaluate(() => {
      document.getElementById("viewport1").style.width = "400px";
      canvas_view_resize("viewport1");
    });
    await page.waitForFunction(() => document.querySelector(".openseadragon-canvas").clientWidth === 400);

    await call(page, "toggle_fullscreen");
    await waitForTold(page, "onfullscreen");
    await call(page, "toggle_fullscreen");
    assert.deepEqual(await waitForTold(page, "onfullscreen", 2), [
      ["onfullscreen", CITY, true],
      ["onfullscreen", CITY, false],
    ]);
    // Of what has no viewer nothing is done.
    await page.evaluate(() => canvas_view_zoom_in("nothing"));
  });
});

test("canvas_view: download", async () => {
  const more = ", { showcontrols: 'yes', controls: { download: true } }, { ondownload: log('ondownload') }";
  await on(HEAD, page1(more), {}, async (page, _requests, context) => {
    const asked = context.waitForEvent("request", (request) => request.url().includes("/original"));
    await page.getByRole("button", { name: "Download" }).click();
    assert.deepEqual(parameters((await asked).url()), { src: "scenes/city.jpg", attach: "1" });
    assert.deepEqual(await told(page, "ondownload"), [["ondownload", CITY]]);
  });
});

test("canvas_view: full-screen views of existing pictures", async () => {
  const body = `
    <img id="image1" class="fs-click" alt="" src="${CITY}&width=160">
    <img id="image2" class="fs-click" alt="The meadow" src="${BASE}/image?src=scenes/meadow.jpg&width=160">
    <img id="image3" class="fs-click" alt="x" src="${BASE}/image?src=scenes/mountains.jpg&width=160"
         title="this text (or alt text) will be used as the default image title in the viewer">
    <div id="image4" role="img" aria-label="The shore" style="width: 160px; height: 100px; background-image: url('${BASE}/image?src=scenes/seashore.jpg&width=160')"></div>
    <script>
      canvas_view_init_image('image4', null, { onload: log('background') });
      canvas_view_init_all_images('fs-click', { showcontrols: 'yes' },
        { onload: log('onload'), onfullscreen: log('onfullscreen') });
    </script>`;
  await on(HEAD, body, {}, async (page, requests) => {
    const source = (name) => `${BASE}/image?src=scenes/${name}.jpg&width=160`;
    const about = page.getByRole("button", { name: "About this picture" });
    for (const [id, name, title] of [["image2", "meadow", "The meadow"], ["image3", "mountains", "this text (or alt text) will be used as the default image title in the viewer"]]) {
      await page.click(`#${id}`);
      await page.waitForSelector("dialog [data-state=ready]");
      await about.click();
      assert.equal(await page.locator(".halftone-zoom-title").innerText(), title);
      await page.getByRole("button", { name: "Close" }).click();
      await page.waitForSelector("dialog", { state: "detached" });
      const events = (await told(page, "onfullscreen")).slice(-2);
      assert.deepEqual(events, [["onfullscreen", source(name), true], ["onfullscreen", source(name), false]]);
    }
    // The size of the window, not that of the small picture.
    assert.ok(requests.some((url) => parameters(url).src === "scenes/meadow.jpg" && parameters(url).width === "1280"));
    await page.click("#image4");
    assert.deepEqual(await waitForTold(page, "background"), [["background", source("seashore")]]);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  });
});

test("canvas_view: in the words of the page", async () => {
  await on(HEAD + words({ "zoom-in": "Größer" }), page1(", { showcontrols: 'yes' }"), {}, async (page) => {
    assert.equal((await names(page))[0], "Größer");
  });
});

test("canvas_view: nothing that keeps people out", async () => {
  await on(HEAD, page1(", { showcontrols: 'yes' }", LARGE), {}, async (page) => {
    await ready(page);
    await assertAccessible(page);
    await shoot(page, "viewer-canvas_view-desktop");
  });
});
