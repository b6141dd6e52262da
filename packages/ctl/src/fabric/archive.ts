/** A .tar.gz that grows file by file and has its name only when it is whole. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import { fabricText } from '../text/fabric.ts';
import { TAR_END, tarEntry } from './tar.ts';

/** @throws DISK_FULL, INVALID_ARGUMENT (a path that cannot be written) */
export interface Archive {
  add(files: ReadonlyMap<string, string>): Promise<void>;
  /** Gives it its name, in place of what had it. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export function createArchive(
  path: string,
  modifiedSeconds: number,
  open: (path: string) => Writable = newFile,
): Archive {
  const partial = `${path}.${process.pid}.partial`;
  const gzip = createGzip();
  const written = pipeline(gzip, open(partial)).catch((cause) => {
    throw writeError(path, cause);
  });
  // Whoever adds or finishes hears of a failure; nobody may be at it when the disk fills.
  written.catch(() => {});
  const write = async (bytes: Buffer): Promise<void> => {
    if (gzip.destroyed || !gzip.write(bytes)) await Promise.race([once(gzip, 'drain'), written]);
  };
  return {
    async add(files) {
      for (const [name, text] of files) await write(tarEntry(name, text, modifiedSeconds));
    },
    async finish() {
      gzip.end(TAR_END);
      await written;
      await rename(partial, path).catch((cause) => {
        throw writeError(path, cause);
      });
    },
    async discard() {
      gzip.destroy();
      await written.catch(() => {});
      await rm(partial, { force: true });
    },
  };
}

/** Never through a link that somebody laid there. */
const newFile = (path: string): Writable => createWriteStream(path, { flags: 'wx', mode: 0o600 });

function writeError(path: string, cause: NodeJS.ErrnoException): Dsr1Error {
  const full = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  return full
    ? new Dsr1Error('DISK_FULL', fabricText.noRoom(path), { cause, hint: fabricText.noRoomHint })
    : new Dsr1Error('INVALID_ARGUMENT', fabricText.notWritten(path, cause.code ?? cause.message), { cause });
}
