// Writes what is served: files named by their content, each compressed in advance, and the manifest
// that says which name stands for which file.

import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

// How many digits of the content's SHA-256 stand in a file's name.
const DIGITS = 16;

// What gains by compression; pictures and fonts are compressed already.
const COMPRESSED = new Set([".css", ".html", ".js", ".json", ".svg", ".txt"]);

export const gzipped = (content) => promisify(gzip)(content, { level: 9 });

const brotlied = (content) =>
  promisify(brotliCompress)(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });

function hashedName(name, content) {
  const extension = extname(name);
  const digits = createHash("sha256").update(content).digest("hex").slice(0, DIGITS);
  return `${name.slice(0, name.length - extension.length)}.${digits}${extension}`;
}

async function put(folder, name, content) {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
}

// Writes one file with its compressed forms, and tells its line of the manifest.
async function putCompressed(folder, { name, content }) {
  const file = hashedName(name, content);
  await put(folder, file, content);
  if (COMPRESSED.has(extname(name))) {
    await put(folder, `${file}.gz`, await gzipped(content));
    await put(folder, `${file}.br`, await brotlied(content));
  }
  const digest = createHash("sha384").update(content).digest("base64");
  return [name, { file, integrity: `sha384-${digest}` }];
}

// Replaces `folder` as a whole: a build that fails leaves the old one.
export async function write(folder, inputs, outputs) {
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  const sorted = [...outputs].sort((one, other) => (one.name < other.name ? -1 : 1));
  const files = await Promise.all(sorted.map((output) => putCompressed(fresh, output)));
  const manifest = { inputs, files: Object.fromEntries(files) };
  await put(fresh, "manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
}
