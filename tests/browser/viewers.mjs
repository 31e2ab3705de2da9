// The viewers, in pages of another origin than the server's, as other people's pages are.
//
//   HALFTONE_ADMIN_PASSWORD=… node viewers.mjs BASE_URL SCREENSHOTS_DIR
//
// Works on a running `halftone serve` with the demo library, whose API pages of all sites may call
// (cors_origins) and whose first account may use it. The old viewers' pages are written from the guides'
// examples, and each option and event that those tell of is asserted.

import "./viewers/first.mjs";
import "./viewers/zoom.mjs";
import "./viewers/gallery.mjs";
import "./viewers/slideshow.mjs";
import "./viewers/image.mjs";
import "./viewers/canvas_view.mjs";
import "./viewers/gallery_view.mjs";
import "./viewers/simple_view.mjs";
import "./viewers/slideshow_view.mjs";
import "./viewers/image_defer.mjs";
