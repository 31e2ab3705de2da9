// The old lazy loader, in pages as its guide writes them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, head, on, quiet, RECORDER, until } from "./support.mjs";

const SCRIPT = head("js/image-defer.min.js");
const PLACEHOLDER = `${BASE}/static/images/spacer.png`;

// Eight pictures one below the other, of which two are in view.
const pictures = Array.from({ length: 8 }, (_, at) =>
  `<p><img id="p${at}" alt="" width="300" height="350" src="${PLACEHOLDER}"
     data-defer-src="${BASE}/image?src=scenes/city.jpg&width=${100 + at}"></p>`).join("");
const OPTIONS = `${RECORDER}<script>
  function note(name) { return function (img) { told.push([name, img.id]); }; }
  window.ImageDefer = window.ImageDefer || {};
  ImageDefer.options = { maxLoaded: 3, scrollingStopMillis: 100, onImageRequested: note('requested'),
    onImageLoaded: note('loaded'), onImageUnloaded: note('unloaded') };
</script>`;
const VIEW = { viewport: { width: 1000, height: 700 } };

const ids = (page, name) =>
  page.evaluate((wanted) => window.told.filter(([of]) => of === wanted).map(([, id]) => id), name);

test("image-defer: loads what is seen, and puts back what is not", async () => {
  await on(OPTIONS + SCRIPT, pictures, VIEW, async (page, requests) => {
    await until("the first two", async () => (await ids(page, "loaded")).length >= 2);
    await quiet(page);
    assert.deepEqual((await ids(page, "requested")).sort(), ["p0", "p1"]);
    assert.equal(await page.evaluate(() => ImageDefer.imagesLoaded()), 2);
    assert.equal(requests.length, 2);
    assert.deepEqual(await page.evaluate(() => {
      const { src, naturalWidth, naturalHeight } = document.getElementById("p7");
      return [src, naturalWidth, naturalHeight];
    }), [PLACEHOLDER, 1, 1]);

    await page.evaluate(() => document.getElementById("p6").scrollIntoView());
    await until("those below", async () => (await ids(page, "loaded")).includes("p6"));
    await until("those above are put back", async () => (await ids(page, "unloaded")).includes("p0"));
    assert.equal(await page.getAttribute("#p0", "src"), PLACEHOLDER);
    await until("no more than three", () => page.evaluate(() => ImageDefer.imagesLoaded() <= 3));
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.waitForFunction(() => document.getElementById("p0").src.includes("width=100"));
  });
});

test("image-defer: the functions", async () => {
  await on(SCRIPT, pictures, VIEW, async (page, requests) => {
    assert.equal(await page.evaluate(() => ImageDefer.supportedBrowser()), true);
    const { maxLoaded, scrollingStopMillis, scrollingSkipRate } = await page.evaluate(() => ImageDefer.options);
    assert.deepEqual([maxLoaded, scrollingStopMillis, scrollingSkipRate], [100, 500, 0.8]);
    await until("the first two", () => requests.length === 2);

    // One that comes later is taken on by `addImage`, or by `reset` with all others.
    const add = (width, act) => page.evaluate(([base, placeholder, wide, how]) => {
      const image = document.createElement("img");
      image.src = placeholder;
      image.dataset.deferSrc = `${base}/image?src=scenes/city.jpg&width=${wide}`;
      document.querySelector("main").prepend(image);
      if (how === "addImage") ImageDefer.addImage(image);
      else ImageDefer.reset();
    }, [BASE, PLACEHOLDER, width, act]);
    await add(201, "addImage");
    await until("it is loaded", () => requests.some((url) => url.searchParams.get("width") === "201"));
    await add(202, "reset");
    await until("it is loaded", () => requests.some((url) => url.searchParams.get("width") === "202"));

    // One that is given up is loaded no more, or at once.
    await page.evaluate(() => {
      ImageDefer.removeImage(document.getElementById("p7"), true);
      ImageDefer.removeImage(document.getElementById("p6"));
      ImageDefer.lazyLoadImages();
      ImageDefer.trimImages();
    });
    await until("it is loaded", () => requests.some((url) => url.searchParams.get("width") === "107"));
    await page.evaluate(() => document.getElementById("p6").scrollIntoView({ block: "end" }));
    await until("the one above it", () => requests.some((url) => url.searchParams.get("width") === "105"));
    assert.ok(!requests.some((url) => url.searchParams.get("width") === "106"));
    const names = await page.evaluate(() => Object.keys(window).filter((name) => /defer/i.test(name)));
    assert.deepEqual(names, ["ImageDefer"]);
  });
});
