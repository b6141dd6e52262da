/** The header of one safetensors file on disk, without its data. */
import { type FileHandle, open } from 'node:fs/promises';
import { sha256Hex } from '@dsr1/shared/hash';
import { MAX_POINTER_BYTES, readLfsPointer } from '@dsr1/shared/weights/lfs-pointer';
import type { FileProblem } from '@dsr1/shared/weights/model';
import {
  LENGTH_BYTES,
  readHeader,
  readHeaderLength,
  type TensorEntry,
} from '@dsr1/shared/weights/safetensors';

export interface Shard {
  readonly tensors: readonly TensorEntry[];
  /** SHA-256 of the header, with its length. */
  readonly digest: string;
}

/** The shard, or why it cannot be one: whatever the 8 bytes of its length say, no more is read than is there. */
export async function readShard(path: string, file: string, bytes: number): Promise<Shard | FileProblem> {
  const handle = await open(path, 'r');
  try {
    const first = await readAt(handle, 0, Math.min(bytes, FIRST_READ_BYTES));
    const pointer = readLfsPointer(first.subarray(0, MAX_POINTER_BYTES).toString('latin1'));
    if (pointer !== null) return lfsProblem(file, pointer.bytes);
    const length = readHeaderLength(file, first, bytes);
    if (!length.ok) return length.problem;
    const wanted = LENGTH_BYTES + length.value;
    const rest = wanted > first.length ? await readAt(handle, first.length, wanted - first.length) : null;
    const head = rest === null ? first.subarray(0, wanted) : Buffer.concat([first, rest]);
    const header = readHeader(file, head.toString('utf8', LENGTH_BYTES), length.value, bytes);
    if (!header.ok) return header.problem;
    return { tensors: header.value, digest: sha256Hex(head) };
  } finally {
    await handle.close();
  }
}

export const lfsProblem = (file: string, bytes: number): FileProblem => ({
  category: 'weights-corrupt',
  file,
  offset: 0,
  message: `${file} is a Git-LFS pointer to ${bytes} bytes that were never fetched: \`git lfs pull\``,
});

/** Most headers end within it: one read a file matters on NFS. */
const FIRST_READ_BYTES = 128 * 1024;

async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await handle.read(buffer, done, bytes - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
