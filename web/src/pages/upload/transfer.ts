// One try of sending a file, by the protocol for uploads that go on after an interruption (tus).

import { DetailedError, Upload } from "tus-js-client";

import { Refused, plainly, word } from "../page";
import { mine, proof } from "../session";

const PIECE_BYTES = 8 * 1024 * 1024;
const RETRIES_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

/** The addresses of the uploads that this page sends: each belongs to one row. */
const sending = new Set<string>();

/** A file that the system does not let be read, or no longer. */
class Unread extends Error {}

const isUnread = (error: Error): boolean =>
  error instanceof Unread || (error instanceof DetailedError && error.causingError instanceof Unread);

/** The bytes of a part of a file. A file that is gone fails by itself, and not as the connection that it was to go over. */
const read = (part: Blob): Promise<ArrayBuffer> =>
  part.arrayBuffer().catch(() => {
    throw new Unread();
  });

/** Whether a request is sent again by itself: as the protocol's client has it, but for files that cannot be read. */
function repeats(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  const passes = status < 400 || status >= 500 || status === 409 || status === 423;
  return passes && navigator.onLine && !isUnread(error);
}

/** Why an upload failed, in the server's own words if it has some. */
function reason(error: Error): Refused {
  if (isUnread(error)) return new Refused(word("upload-unreadable"));
  const response = error instanceof DetailedError ? error.originalResponse : null;
  const status = response?.getStatus() ?? 0;
  if (!response || status === 0) return new Refused(word("offline"));
  try {
    const told = JSON.parse(response.getBody()) as { message?: string };
    if (told.message) return new Refused(told.message, status);
  } catch {
    // It is the front server's.
  }
  return new Refused(plainly(status), status);
}

/** The id of the picture that an upload has become, as the last answer says. */
function becameOf(response: { getHeader(name: string): string | undefined } | null): string | null {
  const location = response?.getHeader("Content-Location");
  return /\/images\/(\d+)\/?$/.exec(location ?? "")?.[1] ?? null;
}

/** Where a file is to go. */
export interface Target {
  folder: string;
  /** What is done when its name is taken, as the server calls it. */
  overwrite: string;
}

/** A file that has become a picture, with its id where that is known. */
export interface Stored {
  id: string | null;
}

export class Transfer {
  /** What came of it; nothing when it was stopped. */
  readonly outcome: Promise<Stored | Refused | null>;
  private readonly upload: Upload;
  private settle: (outcome: Stored | Refused | null) => void = () => undefined;
  private became: string | null = null;
  /** The address of the upload, which no other row may go on with meanwhile. */
  private own: string | null = null;
  private isStopped = false;

  /** Begins; `progress` is told which share has been sent. */
  constructor(
    private readonly file: File,
    target: Target,
    progress: (share: number) => void,
  ) {
    this.outcome = new Promise((resolve) => {
      this.settle = (outcome) => {
        this.hold(null);
        resolve(outcome);
      };
    });
    this.upload = this.prepared(target, progress);
    this.begin().catch((error: Error) => this.settle(reason(error)));
  }

  stop(): void {
    this.isStopped = true;
    // What has come of it is taken away on the server, too; if that fails it runs out by itself.
    this.upload.abort(true).catch(() => undefined).finally(() => this.settle(null));
  }

  private hold(address: string | null): void {
    if (this.own) sending.delete(this.own);
    this.own = address;
    if (address) sending.add(address);
  }

  private async begin(): Promise<void> {
    // Nothing is begun on the server for a file that is gone.
    await read(this.file.slice(0, 1));
    const earlier = await this.upload.findPreviousUploads().catch(() => []);
    if (this.isStopped) return;
    const one = earlier.find(({ uploadUrl }) => uploadUrl !== null && !sending.has(uploadUrl));
    if (one) {
      this.hold(one.uploadUrl);
      this.upload.resumeFromPreviousUpload(one);
    }
    this.upload.start();
  }

  private prepared({ folder, overwrite }: Target, progress: (share: number) => void): Upload {
    const upload: Upload = new Upload(this.file, {
      endpoint: "/api/v1/uploads",
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(proof())) request.setHeader(name, value);
      },
      chunkSize: PIECE_BYTES,
      retryDelays: RETRIES_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: this.file.name, path: folder, overwrite },
      // An earlier upload is gone on with where it was to become the same: of the same file, in the same place.
      fingerprint: ({ name, type, size, lastModified }) =>
        Promise.resolve(JSON.stringify([mine, folder, overwrite, name, type, size, lastModified])),
      fileReader: {
        openFile: (file: File) =>
          Promise.resolve({
            size: file.size,
            slice: async (start, end) => {
              const value = new Blob([await read(file.slice(start, end))]);
              if (this.isStopped) throw new Unread();
              return { value, done: end >= file.size };
            },
            close: () => undefined,
          }),
      },
      onShouldRetry: repeats,
      onUploadUrlAvailable: () => this.hold(upload.url),
      onAfterResponse: (_, response) => {
        this.became = becameOf(response) ?? this.became;
      },
      onProgress: (sent, total) => {
        if (!this.isStopped) progress(total > 0 ? sent / total : 0);
      },
      onSuccess: () => {
        if (!this.isStopped) this.settle({ id: this.became });
      },
      onError: (error) => this.settle(reason(error)),
    });
    return upload;
  }
}
