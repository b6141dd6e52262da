/** Where the copies of one model differ: by names, sizes and headers first, then to the byte. */
import type { ModelDifference } from '@dsr1/shared/weights/api';
import { type BlockDifference, compareFiles, compareHashes } from '@dsr1/shared/weights/compare';
import { ModelHashes, type ModelInspection } from '@dsr1/shared/weights/model';
import { Type } from 'typebox';
import type { AskModel } from './ask.ts';

export interface InspectedNode {
  readonly id: string;
  readonly node: string;
  readonly inspection: ModelInspection;
}

export function differencesOfFiles(nodes: readonly InspectedNode[]): readonly ModelDifference[] {
  if (new Set(nodes.map(({ inspection }) => inspection.fingerprint)).size < 2) return [];
  return compareFiles(nodes.map(({ node, inspection }) => ({ node, files: inspection.files }))).map(
    ({ file, groups }) => ({
      file,
      node: loneNode(groups),
      offset: null,
      message: `${file} differs: ${groups.map(({ has, nodes: names }) => `${has} on ${names.join(', ')}`).join('; ')}`,
    }),
  );
}

/** Of what the last full checks read. Asks nodes for smaller and smaller blocks until the byte is known. */
export async function differencesOfContents(
  path: string,
  nodes: readonly InspectedNode[],
  ask: AskModel,
): Promise<readonly ModelDifference[]> {
  const hashes = await Promise.all(
    nodes.map(async ({ id, node }) => ({ node, hashes: await ask(id, { op: 'hashes', path }, ModelHashes) })),
  );
  const hubSha256 = new Map(
    nodes.flatMap(({ inspection }) =>
      inspection.files.flatMap(({ name, hubHash }) =>
        hubHash?.length === SHA256_DIGITS ? [[name, hubHash] as const] : [],
      ),
    ),
  );
  const found = compareHashes(hashes, hubSha256);
  const idOf = (name: string) => nodes.find(({ node }) => node === name)?.id ?? '';
  return Promise.all(
    found.map(async (difference) => {
      const offset = await narrow(path, difference, idOf, ask);
      const { file, good, bad, proven } = difference;
      const message = proven
        ? `${file} is wrong on ${bad}, first in byte ${offset}; ${good} has the right one`
        : `${file} differs between ${good} and ${bad}, first in byte ${offset}; nothing tells which is right`;
      return { file, node: proven ? bad : null, offset, message };
    }),
  );
}

const SHA256_DIGITS = 64;
const NARROWING_BYTES = [256 * 1024, 1024, 1] as const;

/** First byte that differs. When the files have become equal meanwhile: the beginning of the block that differed. */
async function narrow(
  path: string,
  { file, good, bad, ...block }: BlockDifference,
  idOf: (node: string) => string,
  ask: AskModel,
): Promise<number> {
  let { fromByte, toByte } = block;
  for (const blockBytes of NARROWING_BYTES) {
    const query = { op: 'range', path, file, fromByte, toByte, blockBytes } as const;
    const [a, b] = await Promise.all(
      [good, bad].map((node) => ask(idOf(node), query, Type.Array(Type.String()))),
    );
    const at = a?.findIndex((crc, i) => crc !== b?.[i]) ?? -1;
    if (at < 0) break;
    fromByte += at * blockBytes;
    toByte = Math.min(toByte, fromByte + blockBytes);
  }
  return fromByte;
}

/** The only node that has something else than all others. */
function loneNode(groups: readonly { readonly nodes: readonly string[] }[]): string | null {
  const [most, other, more] = groups;
  if (most === undefined || other === undefined || more !== undefined) return null;
  return most.nodes.length > 1 && other.nodes.length === 1 ? (other.nodes[0] ?? null) : null;
}
