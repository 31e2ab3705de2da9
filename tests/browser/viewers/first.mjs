// How soon a first picture is there: it is the first thing that a page asks for after itself, its scripts and
// its style sheets. What lies in a folder has to be listed before.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, CITY, head, on, quiet } from "./support.mjs";

const MEADOW = `${BASE}/image?src=scenes/meadow.jpg`;
const PLACE = '<div id="place" style="width: 400px; height: 300px"></div>';
const SERVER = `server: '${BASE}/'`;
const IMAGES = `images: [{ src: 'scenes/city.jpg' }, { src: 'scenes/meadow.jpg' }]`;
const PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

const ZOOM = head("styles/canvas_view.css", "js/canvas_view.min.js");
const GALLERY = ZOOM + head("styles/gallery_view.css", "js/gallery_view.min.js");
const SLIDESHOW = head("js/slideshow_view.min.js");
const SIMPLE = head("styles/simple_view.css", "js/simple_view.min.js");

const calls = (script) => `${PLACE}<script>${script}</script>`;

const PAGES = [
  ["canvas_view_init", ZOOM, calls(`canvas_view_init('place', '${CITY}');`)],
  ["gallery_view_init", GALLERY, calls(`gallery_view_init('place', { ${SERVER}, ${IMAGES} });`)],
  ["gallery_view_init, folder", GALLERY, calls(`gallery_view_init('place', { ${SERVER}, folder: 'scenes' });`), "/api/v1/list/"],
  ["slideshow_view_init", SLIDESHOW, calls(`slideshow_view_init('place', { ${SERVER}, ${IMAGES} });`)],
  ["slideshow_view_init, folder", SLIDESHOW, calls(`slideshow_view_init('place', { ${SERVER}, folder: 'scenes' });`), "/api/v1/list/"],
  ["simple_view_init", SIMPLE, calls(`simple_view_init('place', '${CITY}');`)],
  ["image-defer", head("js/image-defer.min.js"), `<img alt="" width="300" height="200" src="${PLACEHOLDER}" data-defer-src="${CITY}&width=300">`],
  ["halftone-zoom", head("halftone-zoom.css", "halftone-zoom.js"), `<halftone-zoom src="${CITY}"></halftone-zoom>`],
  ["halftone-image", head("halftone-image.css", "halftone-image.js"), `<halftone-image src="${CITY}" alt=""></halftone-image>`],
  ["halftone-gallery, folder", head("halftone-gallery.css", "halftone-gallery.js"), '<halftone-gallery folder="scenes"></halftone-gallery>', "/api/v1/list/"],
  ["halftone-slideshow, folder", head("halftone-slideshow.css", "halftone-slideshow.js"), '<halftone-slideshow folder="scenes"></halftone-slideshow>', "/api/v1/list/"],
];

// What a page has asked the server for, beside scripts and style sheets, and when.
const asked = (page) =>
  page.evaluate((base) => performance.getEntriesByType("resource")
    .filter(({ name }) => name.startsWith(base) && !new URL(name).pathname.startsWith("/static/"))
    .map(({ name, startTime }) => ({ path: new URL(name).pathname, startTime })), BASE);

// What had to come before the first picture could be asked for.
async function before(page) {
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => new URL(name).pathname === "/image"));
  // What is on its way is in no list yet.
  await quiet(page);
  const all = await asked(page);
  const first = Math.min(...all.filter(({ path }) => path === "/image").map(({ startTime }) => startTime));
  return all.filter(({ startTime }) => startTime < first).map(({ path }) => path);
}

for (const [name, headText, body, listed] of PAGES) {
  test(`first picture: ${name}`, async () => {
    await on(headText, body, {}, async (page) => {
      assert.deepEqual(await before(page), listed ? [listed] : []);
    });
  });
}

test("first picture: pictures of the page itself are asked for once", async () => {
  const body = `<img id="one" alt="A city" src="${CITY}&width=160"><img id="two" class="all" alt="Grass" src="${MEADOW}&width=160">`;
  const scripts = [
    [ZOOM, "canvas_view_init_image('one'); canvas_view_init_all_images('all');"],
    [GALLERY, `gallery_view_init_fullscreen('one', { ${SERVER}, folder: 'scenes' }); gallery_view_init_all_fullscreen('all');`],
    [SIMPLE, "simple_view_init_image('one'); simple_view_init_image('two');"],
  ];
  for (const [headText, script] of scripts) {
    await on(headText, `${body}<script>${script}</script>`, {}, async (page, requests) => {
      await quiet(page);
      assert.deepEqual((await asked(page)).map(({ path }) => path), ["/image", "/image"], script);
      assert.equal(requests.length, 2, script);
    });
  }
});
