// How scripts wait: for conditions, and for as long as a busy machine may take.

export const TIMEOUT_MS = 90_000;

const PAUSE_MS = 50;

const pause = (time) => new Promise((passed) => setTimeout(passed, time));

// Waits until a condition on this side holds.
export async function until(what, condition, limit = TIMEOUT_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await pause(PAUSE_MS);
  }
}

// Does what may be lost, or come too slowly to count, until it has had its effect.
export async function insist(what, act, condition, pauses = 20) {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    await act();
    for (let turn = 0; turn < pauses; turn += 1) {
      if (await condition()) return;
      await pause(PAUSE_MS);
    }
    if (Date.now() > end) throw new Error(`done in vain: ${what}`);
  }
}

// Waits for frames to be drawn.
export function frames(page, count = 2) {
  return page.evaluate(async (wanted) => {
    for (let drawn = 0; drawn < wanted; drawn += 1) await new Promise(requestAnimationFrame);
  }, count);
}

// Waits until nothing moves any more but what moves for ever.
export function still(page) {
  return page.waitForFunction(() =>
    document.getAnimations().every(({ effect, playState }) =>
      playState !== "running" || effect.getComputedTiming().endTime === Infinity));
}

// The same from this side, also where no scripts run.
export function rest(page) {
  return until("nothing moves", () => page.evaluate(() =>
    document.getAnimations().every(({ effect, playState }) =>
      playState !== "running" || effect.getComputedTiming().endTime === Infinity)));
}

// Where something is, in view and at rest.
export async function placeOf(locator) {
  await locator.scrollIntoViewIfNeeded();
  let before = "";
  return until("it is at rest", async () => {
    const box = await locator.boundingBox();
    const now = JSON.stringify(box);
    const rests = box !== null && now === before;
    before = now;
    return rests && box;
  });
}
