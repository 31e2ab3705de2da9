// What viewers ask the server's API. From other sites' pages it answers only where the server's setting
// `cors_origins` lets it.

import { Address } from "./address";

export interface Picture {
  address: Address;
  title: string;
  description: string;
  // The original's size, where it is known.
  width?: number;
  height?: number;
  // Where a click on it leads.
  link?: string;
  // Whether it is shown in no other size than its address says.
  fixed?: boolean;
}

interface Listed {
  url: string;
  supported?: boolean;
  src?: string;
  filename?: string;
  title?: string;
  description?: string;
  width?: number;
  height?: number;
}

const PAGE = 1000;

async function ask<Data>(address: string): Promise<Data> {
  const answer = await fetch(address, { credentials: "same-origin" });
  const body = (await answer.json()) as { data: Data; message: string };
  if (!answer.ok) throw new Error(body.message);
  return body.data;
}

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

// What is known of the picture of an address.
export async function details(address: Address): Promise<{ title: string; description: string }> {
  const src = address.get("src") ?? "";
  return ask(`${address.server}api/v1/details/?${query({ src })}`);
}

function pictureOf(listed: Listed): Picture {
  return {
    address: Address.parse(listed.url),
    title: listed.title || (listed.filename ?? ""),
    description: listed.description ?? "",
    width: listed.width,
    height: listed.height,
  };
}

// The pictures of a folder, in the order of their names.
export async function folderPictures(server: string, path: string): Promise<Picture[]> {
  const found: Picture[] = [];
  for (let start = 0; ; start += PAGE) {
    const asked = query({ path, attributes: "1", start: String(start), limit: String(PAGE) });
    const part = await ask<Listed[]>(`${server}api/v1/list/?${asked}`);
    found.push(...part.filter((listed) => listed.supported && listed.url).map(pictureOf));
    if (part.length < PAGE) return found;
  }
}

// The pictures of a portfolio, by the name in its address.
export async function portfolioPictures(server: string, humanId: string): Promise<Picture[]> {
  const named = await ask<{ id: number }[] | { id: number }>(
    `${server}api/v1/portfolios/?${query({ human_id: humanId })}`,
  );
  const portfolio = Array.isArray(named) ? named[0] : named;
  if (!portfolio) throw new Error(`there is no portfolio ${humanId}`);
  const images = await ask<{ url: string; image?: Listed }[]>(
    `${server}api/v1/portfolios/${portfolio.id}/images/`,
  );
  return images.map(({ url, image }) => pictureOf({ ...image, url }));
}
