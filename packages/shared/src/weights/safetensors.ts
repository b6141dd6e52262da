/**
 * The header of a safetensors file: 8 bytes little endian with its length, JSON, then the tensors' bytes without gaps
 * (https://github.com/huggingface/safetensors, README "Format"; limits and checks as in safetensors/src/tensor.rs).
 */
import type { FileProblem } from './model.ts';

export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Within the data that follows the header. */
  readonly begin: number;
  readonly end: number;
}

export type HeaderReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: FileProblem };

export const LENGTH_BYTES = 8;
/** Longer headers are refused by every reader. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Length of the JSON header, from the first bytes of a file of `fileBytes`. */
export function readHeaderLength(file: string, head: Uint8Array, fileBytes: number): HeaderReading<number> {
  if (fileBytes < LENGTH_BYTES || head.length < LENGTH_BYTES) {
    return corrupt(file, fileBytes, `has ${fileBytes} bytes, a safetensors file begins with ${LENGTH_BYTES}`);
  }
  const length = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    return corrupt(
      file,
      0,
      `says that its header has ${length} bytes, at most ${MAX_HEADER_BYTES} are legal`,
    );
  }
  const headerBytes = Number(length);
  if (LENGTH_BYTES + headerBytes > fileBytes) {
    const wanted = LENGTH_BYTES + headerBytes;
    return corrupt(file, fileBytes, `is cut within its header: ${wanted} bytes needed, ${fileBytes} found`);
  }
  return { ok: true, value: headerBytes };
}

/** Tensors in the order of their bytes; the header must describe the file to its last byte. */
export function readHeader(
  file: string,
  header: string,
  headerBytes: number,
  fileBytes: number,
): HeaderReading<readonly TensorEntry[]> {
  const json = parseObject(header);
  if (json === null) return corrupt(file, LENGTH_BYTES, 'has a header that is not a JSON object');
  const tensors: TensorEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    const tensor = readTensor(name, value);
    if (typeof tensor === 'string') return corrupt(file, LENGTH_BYTES, `tensor ${name} ${tensor}`);
    tensors.push(tensor);
  }
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  const dataStart = LENGTH_BYTES + headerBytes;
  for (const { name, begin, end } of tensors) {
    if (begin !== at) {
      return corrupt(file, dataStart + at, `tensor ${name} begins at ${begin}, the one before ends at ${at}`);
    }
    at = end;
  }
  const wanted = dataStart + at;
  if (fileBytes < wanted) {
    const cut = tensors.find(({ end }) => dataStart + end > fileBytes);
    return corrupt(
      file,
      fileBytes,
      `is truncated: its header describes ${wanted} bytes, ${fileBytes} found (cut in tensor ${cut?.name})`,
    );
  }
  if (fileBytes > wanted) {
    return corrupt(file, wanted, `has ${fileBytes} bytes, its header describes ${wanted}`);
  }
  return { ok: true, value: tensors };
}

/** Bits of one element (safetensors' `Dtype`). */
const DTYPE_BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

/** The tensor, or what is wrong with its entry. A dtype that we do not know is taken at its word. */
function readTensor(name: string, value: unknown): TensorEntry | string {
  if (typeof value !== 'object' || value === null) return 'has an entry that is no object';
  const { dtype, shape, data_offsets: offsets } = value as Readonly<Record<string, unknown>>;
  if (typeof dtype !== 'string') return 'has no dtype';
  if (!isSizes(shape)) return 'has a shape that is not a list of sizes';
  if (!isSizes(offsets) || offsets.length !== 2) return 'has no data_offsets';
  const [begin = 0, end = 0] = offsets;
  if (end < begin) return `ends (${end}) before it begins (${begin})`;
  const bits = Object.hasOwn(DTYPE_BITS, dtype) ? DTYPE_BITS[dtype] : undefined;
  const wanted = bits === undefined ? null : (shape.reduce((product, size) => product * size, 1) * bits) / 8;
  if (wanted !== null && wanted !== end - begin) {
    return `of ${dtype} [${shape.join(', ')}] needs ${wanted} bytes, its data_offsets span ${end - begin}`;
  }
  return { name, dtype, shape, begin, end };
}

const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

const corrupt = (file: string, offset: number, says: string): { ok: false; problem: FileProblem } => ({
  ok: false,
  problem: { category: 'weights-corrupt', file, offset, message: `${file} ${says}` },
});
