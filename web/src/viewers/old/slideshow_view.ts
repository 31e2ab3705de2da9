// The functions of the old slideshow.

import { elementOf, ensureStyles, type Container } from "../shared/dom";
import type { Options } from "../slideshow/options";
import { Slideshow } from "../slideshow/slideshow";
import css from "../slideshow/slideshow.css";
import { Containers, expose } from "./containers";
import { picturesOf, type Sources } from "./pictures";

const slideshows = new Containers<Slideshow>();

function init(container: Container, options: Sources & Partial<Options>): void {
  const element = elementOf(container);
  if (!element) return;
  slideshows.get(element)?.destroy();
  const slideshow = new Slideshow(element, options);
  slideshows.set(element, slideshow);
  picturesOf(options).then(
    (pictures) => slideshow.fill(pictures),
    (error: unknown) => console.error("slideshow_view_init:", error),
  );
}

ensureStyles("halftone-slideshow", css);
expose({
  slideshow_view_init: init,
  slideshow_view_stop: (container: Container) => slideshows.get(container)?.stop(),
  slideshow_view_start: (container: Container) => slideshows.get(container)?.start(),
  slideshow_view_prev: (container: Container) => slideshows.get(container)?.previous(),
  slideshow_view_next: (container: Container) => slideshows.get(container)?.next(),
  slideshow_view_index: (container: Container, index: number) => slideshows.get(container)?.show(index),
});
