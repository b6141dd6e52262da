/** Folders of small texts as .tar.gz (POSIX.1-1988 ustar), written and read without a library. */
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

/** What ends an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** One regular file, readable by its owner only. Its folder has at most 155 bytes, its name at most 100. */
export function tarEntry(path: string, text: string, modifiedSeconds: number): Buffer {
  const body = Buffer.from(text);
  const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK);
  return Buffer.concat([header(path, body.length, modifiedSeconds), body, padding]);
}

/** Regular files of an archive by path; what is no text, or cut off, is left out. Throws when it is no gzip at all. */
export function unpackTexts(archive: Buffer): Map<string, string> {
  const bytes = gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  const texts = new Map<string, string>();
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const field = (from: number, length: number): string =>
      bytes
        .toString('utf8', at + from, at + from + length)
        .replace(/\0.*$/s, '')
        .trim();
    const size = Number.parseInt(field(124, 12), 8);
    if (field(0, 100) === '' || !Number.isInteger(size)) break;
    const name = [field(345, 155), field(0, 100)].filter((part) => part !== '').join('/');
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (['', '0'].includes(field(156, 1)) && body.length === size && !body.includes(0))
      texts.set(name.replace(/^\.\//, ''), body.toString('utf8'));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return texts;
}

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function header(path: string, size: number, modifiedSeconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  block.write(folder === '' ? path : path.slice(folder.length + 1), 0, 100);
  block.write(octal(0o600, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(Math.floor(modifiedSeconds), 12), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  block.write(folder, 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
