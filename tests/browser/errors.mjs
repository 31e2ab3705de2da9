// The pages of errors, and the page of the front servers while Halftone is away: how they look.
//
//   HALFTONE_ADMIN_PASSWORD=… node errors.mjs BASE_URL SCREENSHOTS_DIR DATA_DIR
//
// Works on a running `halftone serve` with the demo library in DATA_DIR, where it puts what brings errors about, and
// which it leaves as it was. Those of 401, 403 and 404 are looked at by the scripts of whoever meets them.

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accessible, problems, run, SIZES, shoot, visitor, wholePicture } from "./support/session.mjs";

const [data] = process.argv.slice(4);
if (!data) {
  console.error("usage: HALFTONE_ADMIN_PASSWORD=… node errors.mjs BASE_URL SCREENSHOTS_DIR DATA_DIR");
  process.exit(2);
}
const images = join(data, "images");

// Runs steps while SQL statements of another process hold; they are taken back.
async function whileHeld(statements, steps) {
  const program = "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None);"
    + "[held.execute(one) for one in sys.argv[2:]]; print('held', flush=True); sys.stdin.read()";
  const other = spawn("python3", ["-c", program, join(data, "halftone.db"), ...statements], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(other, "exit");
  try {
    await Promise.race([once(other.stdout, "data"), ended.then(() => Promise.reject(new Error("the database cannot be held")))]);
    await steps();
  } finally {
    other.stdin.end();
    await ended;
  }
}

async function unreadable(page) {
  const file = join(images, "no picture.jpg");
  writeFileSync(file, "no picture");
  try {
    await shoot(page, "error-415", "/image?src=no%20picture.jpg&width=300", 415);
  } finally {
    rmSync(file);
  }
}

// A table is not there.
async function broken(page) {
  await whileHeld(["ALTER TABLE tags RENAME TO tags_gone"], () => undefined);
  try {
    await shoot(page, "error-500", "/search?tag=sea", 500);
  } finally {
    await whileHeld(["ALTER TABLE tags_gone RENAME TO tags"], () => undefined);
  }
}

// A folder that has just come is to be noted while nothing can be written.
async function unwritable(page) {
  const folder = join(images, "just made");
  await whileHeld(["BEGIN IMMEDIATE"], async () => {
    mkdirSync(folder);
    try {
      await shoot(page, "error-503", "/browse?path=just%20made", 503);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function away(page) {
  const file = fileURLToPath(new URL("../../web/maintenance/maintenance.html", import.meta.url));
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await page.goto(`file://${file}`);
      await wholePicture(page, `away-${size}-${colorScheme}`);
      await accessible(page, `away ${size} ${colorScheme}`);
    }
  }
}

await run("the pages of errors", async (browser) => {
  const page = await visitor(browser);
  const before = problems.length;
  await unreadable(page);
  await broken(page);
  await unwritable(page);
  // The browser tells of every answer that was provoked.
  problems.push(...problems.splice(before).filter((text) => !/status of 50[03]/.test(text)));
  await away(page);
});
