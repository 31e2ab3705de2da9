// Builds what browsers are given, from src/ into dist/.
//
//   node build.mjs [INPUTS]
//
// INPUTS is written into the manifest: scripts/assets tells by it whether anything has changed.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bundle, files, packageFiles } from "./build/bundle.mjs";
import { ENTRIES, FILES, PACKAGE_FILES } from "./build/entries.mjs";
import { licences } from "./build/licences.mjs";
import { gzipped, write } from "./build/output.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));

const made = await Promise.all(ENTRIES.map((entry) => bundle(root, entry)));
const plain = await files(root, FILES);
const packaged = await packageFiles(root, PACKAGE_FILES);
const notices = await licences(root, [...made, ...packaged].flatMap((output) => output.packages));
const outputs = [...made, ...plain, ...packaged, { name: "licences.txt", content: notices }];

const tooLarge = [];
for (const [index, { name, limit }] of ENTRIES.entries()) {
  const { length } = await gzipped(made[index].content);
  console.log(`${String(length).padStart(8)} bytes of gzip  ${name}`);
  if (length > limit) tooLarge.push(`${name}: ${length} bytes of gzip, the limit is ${limit}`);
}
if (tooLarge.length > 0) {
  console.error(tooLarge.join("\n"));
  process.exit(1);
}
await write(join(root, "dist"), process.argv[2] ?? "", outputs);
