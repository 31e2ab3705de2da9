// The addresses of pictures: what a page asks for, and the variants that a viewer makes of it.

// An address of /image, taken apart. Parameters keep their order; of repeated ones the first counts.
export class Address {
  constructor(
    readonly endpoint: string,
    private readonly parameters: ReadonlyMap<string, string>,
  ) {}

  static parse(address: string, base: string = document.baseURI): Address {
    const url = new URL(address, base);
    const parameters = new Map<string, string>();
    for (const [name, value] of url.searchParams) {
      if (!parameters.has(name)) parameters.set(name, value);
    }
    return new Address(url.origin + url.pathname, parameters);
  }

  get(name: string): string | undefined {
    return this.parameters.get(name);
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.parameters);
  }

  // Whether it holds for nothing but what it says.
  isSigned(): boolean {
    return this.parameters.has("signature");
  }

  // Where the server's other addresses begin, with a slash at the end.
  get server(): string {
    return this.endpoint.replace(/[^/]*$/, "");
  }

  // The same with parameters set, or taken out where the value is undefined.
  with(changes: Record<string, string | number | undefined>): Address {
    const parameters = new Map(this.parameters);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) parameters.delete(name);
      else parameters.set(name, String(value));
    }
    return new Address(this.endpoint, parameters);
  }

  toString(): string {
    const pairs = [...this.parameters].map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value).replace(/%2F/g, "/")}`,
    );
    return pairs.length === 0 ? this.endpoint : `${this.endpoint}?${pairs.join("&")}`;
  }
}

// The address of a picture by the parts that the old viewers' options give: the server, its path there and
// any other parameters.
export function pictureAddress(server: string, parameters: Record<string, unknown>): Address {
  const base = new URL(server.endsWith("/") ? server : `${server}/`, document.baseURI);
  const texts = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]): [string, string] => [name, String(value)]);
  return new Address(base.href + "image", new Map(texts));
}
