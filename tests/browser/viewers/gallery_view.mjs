// The old gallery's functions, in pages as the guide writes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertAccessible, assertWithin, BASE, fitted, head, insist, on, parameters, RECORDER, SCENES, shoot, told, until, waitForTold } from "./support.mjs";

const HEAD = head("styles/canvas_view.css", "styles/gallery_view.css", "js/canvas_view.min.js", "js/gallery_view.min.js") + RECORDER;
const PLACE = '<div id="gallery1" style="width:100%; height:600px;"></div>';
const scene = (name) => `${BASE}/image?src=scenes/${name}.jpg`;

const gallery = (options, events = "") =>
  `${PLACE}<script>gallery_view_init('gallery1', ${options}${events});</script>`;

const choices = (page) => page.locator(".halftone-strip-choice");
const ready = (page) => page.waitForSelector('[data-state="ready"]');
const thumbnailsAsked = (requests, width) =>
  requests.filter((url) => parameters(url).width === width).map((url) => parameters(url));

test("gallery_view: a folder, with events of gallery and viewer", async () => {
  const events = `, { onchange: log('onchange'), onload: log('onload'), oninfo: log('oninfo'),
    ondownload: log('ondownload'), onfullscreen: log('onfullscreen') }`;
  const options = `{ server: '${BASE}/', folder: '/scenes', viewer: { showcontrols: 'yes', controls: { download: true } } }`;
  await on(HEAD, gallery(options, events), {}, async (page, requests) => {
    await ready(page);
    assert.equal(await choices(page).count(), SCENES.length);
    assert.deepEqual(await told(page, "onchange"), [["onchange", scene("city")]]);
    assert.deepEqual(await told(page, "onload"), [["onload", scene("city")]]);
    // Thumbnails of 150 × 150: the next size is 160.
    await until("all thumbnails", () => thumbnailsAsked(requests, "160").length === SCENES.length);

    await choices(page).nth(2).click();
    await waitForTold(page, "onload", 2);
    assert.deepEqual((await told(page, "onchange")).at(-1), ["onchange", scene("mountains")]);
    assert.equal(await choices(page).nth(2).getAttribute("aria-current"), "true");
    await page.getByRole("button", { name: "Next picture" }).click();
    assert.deepEqual((await told(page, "onchange")).at(-1), ["onchange", scene("seashore")]);

    await ready(page);
    await page.getByRole("button", { name: "About this picture" }).click();
    await page.getByRole("button", { name: "Download" }).click();
    await page.getByRole("button", { name: "Full screen" }).click();
    await waitForTold(page, "onfullscreen");
    // The first Escape closes what is told of the picture.
    const leave = async () => {
      await page.keyboard.press("Escape");
      await page.evaluate(() => document.exitFullscreen().catch(() => undefined));
    };
    await insist("full screen is left", leave, async () => (await told(page, "onfullscreen")).length === 2);
    for (const name of ["oninfo", "ondownload"]) {
      assert.deepEqual(await told(page, name), [[name, scene("seashore")]]);
    }
  });
});

test("gallery_view: startImage, params, thumbsize and the viewer's options", async () => {
  const options = `{ server: '${BASE}/', folder: '/scenes', startImage: '/scenes/meadow.jpg',
    params: { flip: 'h', quality: 80 }, thumbsize: { width: 120, height: 90 }, viewer: { showcontrols: 'no' } }`;
  await on(HEAD, gallery(options, ", { onchange: log('onchange') }"), {}, async (page, requests) => {
    await ready(page);
    assert.deepEqual(await told(page, "onchange"), [["onchange", `${scene("meadow")}&flip=h&quality=80`]]);
    assert.ok(requests.every((url) => parameters(url).flip === "h" && parameters(url).quality === "80"));
    const box = await choices(page).first().boundingBox();
    assert.deepEqual([box.width, box.height], [120, 90]);
    assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), false);
  });
});

test("gallery_view: what goes on and back stands at the small pictures, also in a small place", async () => {
  const options = `{ server: '${BASE}/', folder: '/scenes', viewer: { showcontrols: 'yes' } }`;
  const small = gallery(options).replace("width:100%; height:600px", "width:300px; height:200px");
  for (const [body, gap] of [[gallery(options), 20], [small, 20]]) {
    await on(HEAD, body, {}, async (page) => {
      await ready(page);
      const list = await page.locator(".halftone-strip-list").boundingBox();
      const [previous, next] = [page.getByRole("button", { name: "Previous picture" }), page.getByRole("button", { name: "Next picture" })];
      const [before, after] = [await previous.boundingBox(), await next.boundingBox()];
      assert.ok(list.x - before.x - before.width < gap && after.x - list.x - list.width < gap, JSON.stringify([before, list, after]));
      assert.equal(await previous.getAttribute("aria-disabled"), "true");
      assert.equal(await next.getAttribute("aria-disabled"), "false");
      const all = await page.locator("#gallery1").boundingBox();
      const [large, bar] = [await page.locator(".halftone-strip-large").boundingBox(), await page.locator(".halftone-zoom-bar").boundingBox()];
      assert.ok(large.height > all.height / 2, "most is the large picture's");
      assertWithin(bar, fitted(large, 3 / 2), "the controls");
    });
  }
});

test("gallery_view: a list of images, each with its own", async () => {
  const options = `{ server: '${BASE}/', thumbsize: { width: 120, height: 120 }, images: [
    { src: 'scenes/city.jpg', format: 'png' },
    { src: 'scenes/meadow.jpg', left: 0.2, right: 0.8, server: '${BASE}' },
    { src: 'scenes/mountains.jpg', title: 'The Empire State building, 1979', description: 'In fog' }
  ], viewer: { showcontrols: 'yes' } }`;
  await on(HEAD, gallery(options), {}, async (page, requests) => {
    await ready(page);
    await until("all thumbnails", () => thumbnailsAsked(requests, "160").length >= 3);
    const asked = thumbnailsAsked(requests, "160");
    assert.equal(asked[0].format, "png");
    assert.deepEqual([asked[1].left, asked[1].right], ["0.2", "0.8"]);
    assert.equal(asked.length, 3);
    await page.getByRole("button", { name: "The Empire State building, 1979" }).click();
    await page.getByRole("button", { name: "About this picture" }).click();
    assert.equal(await page.locator(".halftone-zoom-title").innerText(), "The Empire State building, 1979");
    await page.getByText("In fog").waitFor();
  });
});

test("gallery_view: a list and a folder together, and another size", async () => {
  const options = `{ server: '${BASE}', images: [{ src: 'charts/colour.png' }], folder: 'scenes' }`;
  await on(HEAD, gallery(options), {}, async (page) => {
    await ready(page);
    assert.equal(await choices(page).count(), SCENES.length + 1);
    await page.evaluate(() => {
      document.getElementById("gallery1").style.width = "500px";
      gallery_view_resize("gallery1");
    });
    await page.waitForFunction(() => document.querySelector(".openseadragon-canvas").clientWidth === 500);
  });
});

test("gallery_view: full-screen galleries of existing pictures", async () => {
  const picture = (name, id, more = "") =>
    `<img id="${id}" class="auto-gallery" alt="" src="${scene(name)}&width=160${more}">`;
  const body = `${picture("city", "image1")}${picture("meadow", "image2", "&flip=h")}${picture("mountains", "image3")}
    <p><img id="other" alt="More" src="${scene("seashore")}&width=160"></p>
    <script>
      gallery_view_init_fullscreen('other', { server: '${BASE}/', folder: '/scenes' }, { onchange: log('folder') });
      gallery_view_init_all_fullscreen('auto-gallery', { viewer: { showcontrols: 'no' } },
        { onchange: log('onchange'), onfullscreen: log('onfullscreen') });
    </script>`;
  await on(HEAD, body, {}, async (page) => {
    await page.click("#image2");
    await page.waitForSelector("dialog [data-state=ready]");
    assert.equal(await choices(page).count(), 3);
    const [[, shown]] = await told(page, "onchange");
    assert.deepEqual(parameters(shown), { src: "scenes/meadow.jpg", flip: "h" });
    assert.equal(await page.locator(".halftone-zoom-bar").isVisible(), false);
    await page.getByRole("button", { name: "Close" }).click();
    await page.waitForSelector("dialog", { state: "detached" });
    assert.deepEqual((await told(page, "onfullscreen")).map(([, , mode]) => mode), [true, false]);

    await page.locator("#other").press("Enter");
    assert.equal((await waitForTold(page, "folder"))[0][1], scene("city"));
    assert.equal(await choices(page).count(), SCENES.length);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  });
});

test("gallery_view: nothing that keeps people out, and how it looks", async () => {
  const options = `{ server: '${BASE}/', folder: '/scenes', viewer: { showcontrols: 'yes' } }`;
  await on(HEAD, gallery(options), {}, async (page) => {
    await ready(page);
    await assertAccessible(page);
    await shoot(page, "viewer-gallery_view-desktop");
  });
});
