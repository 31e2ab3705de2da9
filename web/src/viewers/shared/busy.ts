// Pictures of a server that has too much to do: it answers 503, says when to ask again, and is asked again.

const MOST_TRIES = 3;
const MOST_S = 30;

// How long to wait before a picture that did not come is asked for again; none where that is of no use.
async function waitS(address: string, attempt: number): Promise<number | undefined> {
  const usual = 2 ** attempt;
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    await answer.blob();
    if (answer.ok) return 0;
    if (answer.status !== 503 && answer.status !== 429) return undefined;
    const said = Number(answer.headers.get("Retry-After"));
    return said > 0 ? Math.min(said, MOST_S) : usual;
  } catch {
    // The server cannot be reached, or does not tell pages of this site.
    return usual;
  }
}

// Waits until a picture may be asked for again; tells whether that is of use. `attempt` counts from 0.
export async function mayAskAgain(address: string, attempt: number, signal?: AbortSignal): Promise<boolean> {
  if (attempt >= MOST_TRIES || signal?.aborted) return false;
  const seconds = await waitS(address, attempt);
  if (seconds === undefined) return false;
  // Not all at once: others have been told the same.
  const spread = Math.random() * Math.max(seconds / 2, 0.25);
  await new Promise((resolve) => setTimeout(resolve, (seconds + spread) * 1000));
  return !signal?.aborted;
}

// Loads a picture into an element.
export async function load(image: HTMLImageElement, address: string, signal?: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    image.src = address;
    try {
      return await image.decode();
    } catch (error) {
      if (!(await mayAskAgain(address, attempt, signal))) throw error;
    }
  }
}
