// Which pictures an element of several is to show: those of a folder or a portfolio, or those inside it.

import { Address } from "./address";
import { folderPictures, portfolioPictures, type Picture } from "./api";

// The server that the running script comes from.
export function ownServer(): string {
  const script = document.currentScript;
  const source = script instanceof HTMLScriptElement ? script.src : "";
  return new URL(source || "/", document.baseURI).href.replace(/static\/[^?#]*.*$/, "");
}

// `said` tells an attribute, under whatever name it stands.
export async function collect(
  element: HTMLElement,
  said: (name: string) => string | null,
  server: string,
): Promise<Picture[]> {
  const base = said("server") ?? server;
  const from = base.endsWith("/") ? base : `${base}/`;
  const [folder, portfolio] = [said("folder"), said("portfolio")];
  const inside = within(element);
  if (folder !== null) return [...inside, ...(await folderPictures(from, folder))];
  if (portfolio !== null) return [...inside, ...(await portfolioPictures(from, portfolio))];
  return inside;
}

// The pictures that stand in an element for those without scripts. One inside a link leads where it does.
function within(element: HTMLElement): Picture[] {
  return [...element.querySelectorAll("img")].map((image) => {
    const link = image.closest("a");
    return {
      address: Address.parse(image.dataset.src ?? image.src),
      title: image.alt,
      description: image.title,
      ...(link && element.contains(link) ? { link: link.href } : {}),
    };
  });
}
