/** What one node says of its fabric, for a support bundle. */
import { gunzipSync } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import { COLLECT_PROBE, CollectAnswer, CollectedNode } from '@dsr1/shared/fabric/collect/model';
import { decode } from '@dsr1/shared/schema';
import type { NodeHub } from './hub.ts';
import { askProbe } from './probe.ts';
import type { Registry } from './registry.ts';

/** Facts and tools one after the other, each with its own time limits on the node. */
const TIMEOUT_MS = 45_000;
/** All tools at their limit of output. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

export type CollectFabricTexts = (node: string, mask: boolean) => Promise<CollectedNode>;

/** @throws NODE_NOT_FOUND, NODE_OFFLINE, TIMEOUT, VERSION_SKEW, and what the node answered */
export const createCollectFabricTexts =
  (registry: Pick<Registry, 'find'>, hub: Pick<NodeHub, 'send'>): CollectFabricTexts =>
  async (node, mask) => {
    const { id, name } = registry.find(node).row;
    const probe = { probe: COLLECT_PROBE, arguments: { mask }, timeoutMs: TIMEOUT_MS };
    const what = `${COLLECT_PROBE} of ${name}`;
    const { gzip } = await askProbe(hub, id, probe, CollectAnswer, what);
    return decode(CollectedNode, unpacked(gzip, what), { what, code: 'VERSION_SKEW' });
  };

function unpacked(gzip: string, what: string): unknown {
  try {
    const bytes = gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES });
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new Dsr1Error('VERSION_SKEW', `${what}: expected JSON compressed by gzip`, { cause });
  }
}
