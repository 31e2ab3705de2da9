// Files that are chosen or dropped, folders included.

import { word } from "../page";

export interface Wanted {
  file: File;
  /** The folders that it lies in below what was dropped. */
  below: string;
  /** Why it cannot be sent, where that is known before; of the file there is a name then, and nothing else. */
  lost?: string;
}

/** Whether a file or folder is one that systems keep for themselves. */
const isHidden = (name: string): boolean => name.startsWith(".");

/** All files below what was dropped, folders included, but what is hidden in these. What cannot be read is among them. */
export async function below(entry: FileSystemEntry, path: string): Promise<Wanted[]> {
  const lost = (why: string): Wanted => ({ file: new File([], entry.name), below: path, lost: why });
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    ).catch(() => null);
    return [file ? { file, below: path } : lost(word("upload-unreadable"))];
  }
  if (isHidden(entry.name)) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Wanted[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    ).catch(() => null);
    if (some === null) return [...found, lost(word("upload-folder-unreadable"))];
    if (some.length === 0) return found;
    for (const child of some) {
      if (!isHidden(child.name)) found.push(...(await below(child, `${path}${entry.name}/`)));
    }
  }
}

/** The files of a folder that was chosen, with the folders that they lie in. */
export function chosenIn(files: FileList): Wanted[] {
  const seen = [...files].filter((file) => !file.webkitRelativePath.split("/").some(isHidden));
  return seen.map((file) => {
    const path = file.webkitRelativePath;
    return { file, below: path.slice(0, path.lastIndexOf("/") + 1) };
  });
}
