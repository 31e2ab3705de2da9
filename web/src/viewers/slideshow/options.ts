// What may be said of a slideshow, as the old one's options say it.

export type Mode = "slide" | "stack" | "fade";

export interface Options {
  mode: Mode;
  controls: boolean;
  dots: boolean;
  dotColor: string;
  dotSelectedColor: string;
  // For how long each is shown, in seconds.
  delay: number;
  // How long a change takes, in milliseconds.
  duration: number;
  pauseOnHover: boolean;
  bgColor: string | undefined;
}

export function settle(said: Partial<Options>): Options {
  return {
    mode: said.mode === "stack" || said.mode === "fade" ? said.mode : "slide",
    controls: said.controls ?? true,
    dots: said.dots ?? true,
    dotColor: said.dotColor ?? "#666666",
    dotSelectedColor: said.dotSelectedColor ?? "#dddddd",
    delay: positive(said.delay, 5),
    duration: positive(said.duration, 1000),
    pauseOnHover: said.pauseOnHover ?? true,
    bgColor: said.bgColor,
  };
}

function positive(value: unknown, otherwise: number): number {
  const number = Number(value ?? otherwise);
  return Number.isFinite(number) && number >= 0 ? number : otherwise;
}
