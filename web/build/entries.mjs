// Every script and style sheet that is served: the name it is asked for by, below /static/, and what it
// is built from. Whatever lies in src/files is served too, as it is, by its path there.
//
// `limit` is how large it may be, in bytes of gzip; the build fails beyond it. Names that viewers of other
// sites' pages have been known by stay.

const KB = 1024;

const PAGES = [
  { name: "halftone.css", source: "src/styles/halftone.css", limit: 20 * KB },
  { name: "pages.js", source: "src/pages/pages.ts", limit: 16 * KB },
  { name: "admin.css", source: "src/styles/admin.css", limit: 6 * KB },
  { name: "admin.js", source: "src/pages/admin.ts", limit: 8 * KB },
  { name: "reports.js", source: "src/pages/reports/reports.ts", limit: 40 * KB },
  { name: "publish.css", source: "src/styles/publish.css", limit: 6 * KB },
  { name: "publish.js", source: "src/pages/publish/publish.ts", limit: 20 * KB },
  { name: "upload.js", source: "src/pages/upload/upload.ts", limit: 30 * KB },
  { name: "folios.css", source: "src/styles/folios.css", limit: 4 * KB },
  { name: "folios.js", source: "src/pages/folios.ts", limit: 8 * KB },
  { name: "portfolio.js", source: "src/pages/portfolio.ts", limit: 26 * KB },
  { name: "help.css", source: "src/styles/help.css", limit: 4 * KB },
];

const VIEWERS = [
  { name: "halftone-zoom.js", source: "src/viewers/zoom/halftone-zoom.ts", limit: 90 * KB },
  { name: "halftone-zoom.css", source: "src/viewers/zoom/zoom.css", limit: 4 * KB },
  { name: "halftone-gallery.js", source: "src/viewers/gallery/halftone-gallery.ts", limit: 25 * KB },
  { name: "halftone-gallery.css", source: "src/viewers/gallery/gallery.css", limit: 4 * KB },
  { name: "halftone-slideshow.js", source: "src/viewers/slideshow/halftone-slideshow.ts", limit: 25 * KB },
  { name: "halftone-slideshow.css", source: "src/viewers/slideshow/slideshow.css", limit: 4 * KB },
  { name: "halftone-image.js", source: "src/viewers/image/halftone-image.ts", limit: 25 * KB },
  { name: "halftone-image.css", source: "src/viewers/image/image.css", limit: 4 * KB },
];

const OLD_NAMES = [
  { name: "js/canvas_view.min.js", source: "src/viewers/old/canvas_view.ts", limit: 90 * KB },
  { name: "styles/canvas_view.css", source: "src/viewers/zoom/zoom.css", limit: 4 * KB },
  { name: "js/gallery_view.min.js", source: "src/viewers/old/gallery_view.ts", limit: 25 * KB },
  { name: "styles/gallery_view.css", source: "src/viewers/old/gallery_view.css", limit: 4 * KB },
  { name: "js/simple_view.min.js", source: "src/viewers/old/simple_view.ts", limit: 25 * KB },
  { name: "styles/simple_view.css", source: "src/viewers/old/simple_view.css", limit: 4 * KB },
  { name: "js/slideshow_view.min.js", source: "src/viewers/old/slideshow_view.ts", limit: 25 * KB },
  { name: "js/image-defer.min.js", source: "src/viewers/old/image_defer.ts", limit: 25 * KB },
];

export const ENTRIES = [...PAGES, ...VIEWERS, ...OLD_NAMES];

export const FILES = "src/files";

// Files of packages that are served as they are: fonts.
const INSTRUMENT = "@fontsource-variable/instrument-sans";
export const PACKAGE_FILES = ["latin", "latin-ext"].map((letters) => ({
  name: `fonts/instrument-sans-${letters}.woff2`,
  package: INSTRUMENT,
  path: `files/instrument-sans-${letters}-wght-normal.woff2`,
}));
