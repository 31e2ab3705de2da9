// The fields, the code and the preview of the publish page.

export const field = (page, name) => page.locator(`form[data-publish] [name="${name}"]`);

export const value = async (page, name) => (await field(page, name).inputValue()).trim();

// The address in the code, once the page has followed the fields.
export async function address(page) {
  return page.locator("#output-address code").textContent();
}

// Waits until the preview shows the address in the code, in which all of these stand.
export async function shown(page, ...parts) {
  await page.waitForFunction((wanted) => {
    const code = document.querySelector("#output-address code")?.textContent ?? "";
    if (!wanted.every((part) => code.includes(part))) return false;
    const image = document.querySelector("[data-stage] [data-preview]") ?? document.querySelector("[data-preview]");
    const asked = image?.dataset.address;
    // What is looked at here does not count.
    const same = asked !== undefined && code.endsWith(asked.replace("&stats=0", ""));
    return same && !document.querySelector("[data-stage][aria-busy]");
  }, parts);
}

// What a picture's pixels are: of the preview, or of an address.
export const pixelsOf = (page, source) =>
  page.evaluate(async (source) => {
    const image = source === null ? document.querySelector("[data-preview]") : new Image();
    if (source !== null) {
      image.src = source;
      await image.decode();
    }
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const digest = await crypto.subtle.digest("SHA-256", data);
    return { width: canvas.width, height: canvas.height, hash: [...new Uint8Array(digest)].join() };
  }, source);
