/** Bytes of a file, a pipe or standard input. What cannot be read is a named error, and Ctrl-C or SIGTERM ends a wait. */
import { constants, open as openDescriptor } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Dsr1Error } from '@dsr1/shared/errors';
import { sourceText } from '../text/source.ts';

/** How long a pipe may be silent. */
const SILENCE_MS = 60_000;

export type SourceKind = 'folder' | 'file' | 'pipe';

/** @throws NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT for a device or socket */
export async function sourceKind(path: string): Promise<SourceKind> {
  const found = await stat(path).catch((error) => refuse(path, error));
  if (found.isDirectory()) return 'folder';
  if (found.isFIFO()) return 'pipe';
  if (found.isFile()) return 'file';
  throw new Dsr1Error('INVALID_ARGUMENT', sourceText.noFile(path), { hint: sourceText.noFileHint });
}

/** @throws FORBIDDEN, NOT_FOUND when it went away */
export async function openFile(path: string): Promise<FileHandle> {
  return open(path).catch((error) => refuse(path, error));
}

/** The pipe at `path` as a stream; opening one that nobody writes to does not wait. @throws TIMEOUT after silence */
export async function openPipe(path: string, interrupted: AbortSignal): Promise<Readable> {
  // Without O_NONBLOCK the open itself would hold a thread, and with it the process, until somebody writes.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const fd = await promisify(openDescriptor)(path, flags).catch((error) => refuse(path, error));
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.setTimeout(SILENCE_MS, () =>
    socket.destroy(
      new Dsr1Error('TIMEOUT', sourceText.silent(path, SILENCE_MS / 1000), { hint: sourceText.silentHint }),
    ),
  );
  return addAbortSignal(interrupted, socket);
}

/** All of a stream. An interruption ends the wait with an error. */
export async function readAll(stream: NodeJS.ReadableStream, interrupted: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const readable = stream instanceof Readable ? addAbortSignal(interrupted, stream) : stream;
  for await (const chunk of readable) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What the system says of a path, in words. */
export function refuse(path: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'EACCES' || error.code === 'EPERM')
    throw new Dsr1Error('FORBIDDEN', sourceText.notAllowed(path), {
      cause: error,
      hint: sourceText.notAllowedHint(path),
    });
  throw new Dsr1Error('NOT_FOUND', sourceText.nothingAt(path), {
    cause: error,
    hint: sourceText.nothingAtHint,
  });
}
