// From sources to the files that are served, in memory.

import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { build } from "esbuild";

// Browsers of the last five years.
const TARGET = ["es2020", "chrome100", "firefox100", "safari15"];

const BANNER = "/* Halftone, Apache-2.0. Licences of its parts: licences.txt beside this file. */";

// Style sheets that scripts bring along are texts in them.
const stylesAsText = {
  name: "styles-as-text",
  setup(making) {
    making.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await build({
        entryPoints: [path],
        bundle: true,
        minify: true,
        target: TARGET,
        write: false,
      });
      return { contents: made.outputFiles[0].text.trim(), loader: "text" };
    });
  },
};

// The English words of the viewers: `viewer-KEY = …`, in which `{ $name }` is put in as `{name}` by the scripts.
const wordsAsObject = {
  name: "words-as-object",
  setup(making) {
    making.onLoad({ filter: /\.ftl$/ }, async ({ path }) => {
      const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
      const words = lines.map((line) => {
        const [, key, text] = /^viewer-([a-z-]+) = (.+)$/.exec(line) ?? [];
        if (!key) throw new Error(`${path}: no text of one line: ${line}`);
        return [key, text.replace(/\{ \$(\w+) \}/g, "{$1}")];
      });
      return { contents: JSON.stringify(Object.fromEntries(words)), loader: "json" };
    });
  },
};

// Makes one entry: its content, and the packages that it has parts of.
export async function bundle(root, entry) {
  const made = await build({
    absWorkingDir: root,
    entryPoints: [entry.source],
    outfile: entry.name,
    bundle: true,
    minify: true,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    banner: { js: BANNER, css: BANNER },
    loader: { ".svg": "text" },
    external: ["/static/*"],
    plugins: entry.source.endsWith(".css") ? [] : [stylesAsText, wordsAsObject],
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const packages = Object.keys(made.metafile.inputs).map(packageOf);
  const [output, ...more] = made.outputFiles;
  if (more.length > 0) throw new Error(`${entry.source}: makes more than one file`);
  return { name: entry.name, content: Buffer.from(output.contents), packages: packages.filter(Boolean) };
}

// The package that a file below node_modules belongs to.
function packageOf(path) {
  const below = path.split("node_modules/").at(-1);
  if (below === path) return null;
  const [first, second] = below.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

// The files that are served as they are.
export async function files(root, folder) {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const plain = found.filter((file) => file.isFile() && !file.name.startsWith("."));
  return Promise.all(
    plain.map(async (file) => {
      const path = join(file.parentPath ?? file.path, file.name);
      return {
        name: relative(join(root, folder), path),
        content: await readFile(path),
        packages: [],
      };
    }),
  );
}

// Files of packages that are served as they are.
export async function packageFiles(root, list) {
  return Promise.all(
    list.map(async ({ name, package: from, path }) => ({
      name,
      content: await readFile(join(root, "node_modules", from, path)),
      packages: [from],
    })),
  );
}
