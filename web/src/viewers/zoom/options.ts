// What may be said of a zooming viewer, as the old viewer's options say it.

import type { Easing } from "./easing";
import { isEasing } from "./easing";

export interface Options {
  title: string | undefined;
  description: string | undefined;
  showcontrols: "yes" | "no" | "auto";
  // Whether pictures are smoothed while they are larger than their pixels.
  quality: boolean;
  animation: Easing;
  maxtiles: number;
  controls: Controls;
  doubleclickreset: boolean;
}

export interface Controls {
  title: boolean;
  download: boolean;
  help: boolean;
  reset: boolean;
  // Whether there is a button for a pixel of the screen to each of the picture's.
  actual: boolean;
  fullscreen: boolean;
  zoomin: boolean;
  zoomout: boolean;
}

export interface Events {
  onload?: (address: string) => void;
  oninfo?: (address: string) => void;
  ondownload?: (address: string) => void;
  onfullscreen?: (address: string, mode: boolean) => void;
}

export type Given = Partial<Omit<Options, "controls">> & { controls?: Partial<Controls> };

const CONTROLS: Controls = {
  title: true,
  download: false,
  help: true,
  reset: true,
  actual: false,
  fullscreen: true,
  zoomin: true,
  zoomout: true,
};

const MAX_TILES = [1, 4, 16, 64, 256];

// Fills in what is not said, and what cannot be meant.
export function settle(given: Given | null | undefined): Options {
  const said = given ?? {};
  return {
    title: said.title,
    description: said.description,
    showcontrols: said.showcontrols === "yes" || said.showcontrols === "no" ? said.showcontrols : "auto",
    quality: said.quality ?? true,
    animation: isEasing(said.animation) ? said.animation : "out-quadratic",
    maxtiles: MAX_TILES.includes(Number(said.maxtiles)) ? Number(said.maxtiles) : 256,
    controls: { ...CONTROLS, ...said.controls },
    doubleclickreset: said.doubleclickreset ?? true,
  };
}
