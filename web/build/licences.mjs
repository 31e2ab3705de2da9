// The licences of the packages that have parts in what is served, as one text.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const HEADING =
  "Halftone's scripts and style sheets hold parts of these packages, each under its own licence.\n";

export async function licences(root, packages) {
  const names = [...new Set(packages)].sort();
  const texts = await Promise.all(names.map((name) => licence(join(root, "node_modules", name))));
  return Buffer.from([HEADING, ...texts].join("\n"));
}

async function licence(folder) {
  const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const names = await readdir(folder);
  const name = names.find((name) => /^licen[cs]e(\.|$)/i.test(name));
  const title = `${about.name} ${about.version} (${about.license})`;
  // Some packages bring no text of their own; theirs stands in their source's repository.
  const text = name ? await readFile(join(folder, name), "utf8") : await own(about);
  return `${"=".repeat(78)}\n${title}\n${"=".repeat(78)}\n\n${text.trim()}\n`;
}

async function own(about) {
  const text = TEXTS[about.name];
  if (!text) throw new Error(`${about.name} has no licence text: add it to build/licences.mjs`);
  return text;
}

const TEXTS = {};
