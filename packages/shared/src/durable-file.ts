/** Small files that survive power loss and full disks: written beside, flushed, renamed; the previous copy stays as `.bak`. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Replaces `path` as a whole (mode 0600). On a full disk it throws and the old content stays. */
export function writeDurably(path: string, content: string): void {
  const beside = `${path}.tmp`;
  try {
    const fd = openSync(beside, 'w', 0o600);
    try {
      writeSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  keepPrevious(path);
  renameSync(beside, path);
  syncFolder(dirname(path));
}

/**
 * The first of `path` and `path.bak` that `decode` accepts (it throws or returns null for what it does not), or null when
 * neither file exists. Throws the last error of `decode` when files exist and none is good.
 */
export function readDurably<T>(path: string, decode: (content: string) => T): T | null {
  let failure: unknown = null;
  for (const candidate of [path, `${path}.bak`]) {
    const content = readIfThere(candidate);
    if (content === null) continue;
    try {
      return decode(content);
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== null) throw failure;
  return null;
}

/** Removes the file and every copy of it. */
export function removeDurably(path: string): void {
  for (const name of [path, `${path}.bak`, `${path}.tmp`]) rmSync(name, { force: true });
  syncFolder(dirname(path));
}

/** Makes a private folder (0700), also when it was there with other rights. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** A damaged current file (empty after power loss) must not replace a good previous copy. */
function keepPrevious(path: string): void {
  const content = readIfThere(path);
  if (content === null || content.trim() === '') return;
  copyFileSync(path, `${path}.bak`);
  chmodSync(`${path}.bak`, 0o600);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
