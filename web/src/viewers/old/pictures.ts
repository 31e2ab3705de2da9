// The pictures that the old gallery's and slideshow's options name.

import { pictureAddress } from "../shared/address";
import { folderPictures, type Picture } from "../shared/api";

export interface Entry {
  src: string;
  server?: string;
  title?: string;
  description?: string;
  // Where a click leads, in slideshows.
  url?: string;
  [parameter: string]: unknown;
}

export interface Sources {
  server: string;
  images?: Entry[];
  folder?: string;
  params?: Record<string, unknown>;
}

// Those of the list, then those of the folder.
export async function picturesOf({ server, images, folder, params }: Sources): Promise<Picture[]> {
  const listed = (images ?? []).map((entry) => pictureOf(entry, server, params ?? {}));
  if (!folder) return listed;
  const base = pictureAddress(server, {}).server;
  const found = await folderPictures(base, folder);
  return [
    ...listed,
    ...found.map((picture) => ({
      ...picture,
      address: pictureAddress(server, { src: picture.address.get("src"), ...params }),
    })),
  ];
}

function pictureOf(entry: Entry, server: string, params: Record<string, unknown>): Picture {
  const { src, server: own, title, description, url, ...others } = entry;
  return {
    address: pictureAddress(own ?? server, { src, ...params, ...others }),
    title: title ?? "",
    description: description ?? "",
    ...(url ? { link: url } : {}),
  };
}
