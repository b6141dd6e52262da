/** Reads files to their last byte, at the speed of the disk: SHA-256 of the whole and CRC-32 of every block. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import { BLOCK_BYTES, type FileHashes } from '@dsr1/shared/weights/model';

/**
 * @param onRead is told of every block that was read
 * @throws CHECK_FAILED when the disk refuses (EIO); `details.offset` is the byte where it does
 */
export async function hashFile(path: string, onRead: (bytes: number) => void): Promise<FileHashes> {
  const handle = await open(path, 'r');
  try {
    const { size, mtimeMs } = await handle.stat();
    const whole = createHash('sha256');
    const blocks: string[] = [];
    // One buffer is filled while the other is hashed.
    let [filling, hashing] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
    let [at, blockCrc] = [0, 0];
    let next = handle.read(filling, 0, CHUNK_BYTES, 0);
    while (at < size) {
      const { bytesRead } = await next.catch((cause: NodeJS.ErrnoException) => {
        const message = `cannot be read at byte ${at} (${cause.code})`;
        throw new Dsr1Error('CHECK_FAILED', message, { cause, details: { offset: at } });
      });
      if (bytesRead === 0) break;
      [filling, hashing] = [hashing, filling];
      // A short read must not run over the end of a block: chunks divide blocks.
      const room = CHUNK_BYTES - ((at + bytesRead) % CHUNK_BYTES);
      next = handle.read(filling, 0, room, at + bytesRead);
      const chunk = hashing.subarray(0, bytesRead);
      whole.update(chunk);
      blockCrc = crc32(chunk, blockCrc);
      at += bytesRead;
      if (at % BLOCK_BYTES === 0 || at === size) {
        blocks.push(hex(blockCrc));
        onRead(at % BLOCK_BYTES || BLOCK_BYTES);
        blockCrc = 0;
      }
    }
    await next;
    return { bytes: at, mtimeMs, sha256: whole.digest('hex'), blocks };
  } finally {
    await handle.close();
  }
}

/**
 * CRC-32 of every `blockBytes` within a range of a file: equal on two nodes where their bytes are.
 * @throws INVALID_ARGUMENT for a range that is empty or longer than a block
 */
export async function hashRange(
  path: string,
  range: { readonly fromByte: number; readonly toByte: number; readonly blockBytes: number },
): Promise<readonly string[]> {
  const bytes = range.toByte - range.fromByte;
  if (bytes <= 0 || bytes > BLOCK_BYTES) {
    throw new Dsr1Error('INVALID_ARGUMENT', `a range has 1 to ${BLOCK_BYTES} bytes, found ${bytes}`);
  }
  const handle = await open(path, 'r');
  try {
    const data = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(data, 0, data.length, range.fromByte);
    const blocks = Math.ceil(bytesRead / range.blockBytes);
    return Array.from({ length: blocks }, (_, i) =>
      hex(crc32(data.subarray(i * range.blockBytes, Math.min(bytesRead, (i + 1) * range.blockBytes)))),
    );
  } finally {
    await handle.close();
  }
}

const CHUNK_BYTES = 4 * 1024 * 1024;
const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
