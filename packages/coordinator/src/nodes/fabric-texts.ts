/** What one node says of its fabric, for a support bundle. */
import { gunzipSync } from 'node:zlib';
import { Dsr1Error } from '@dsr1/shared/errors';
import { COLLECT_PROBE, CollectAnswer, CollectedNode } from '@dsr1/shared/fabric/collect/model';
import { decode } from '@dsr1/shared/schema';
import { asError } from './commands.ts';
import type { NodeHub } from './hub.ts';
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
    const action = { kind: 'probe', probe: COLLECT_PROBE, arguments: { mask } } as const;
    const command = { deployment: '', epoch: 0, ttlMs: TIMEOUT_MS, action };
    const result = await hub.send(id, command, TIMEOUT_MS);
    if (result.failure !== null) throw asError(result.failure);
    const options = { what: `${COLLECT_PROBE} of ${name}`, code: 'VERSION_SKEW' } as const;
    const { gzip } = decode(CollectAnswer, result.probe, options);
    return decode(CollectedNode, unpacked(gzip, options.what), options);
  };

function unpacked(gzip: string, what: string): unknown {
  try {
    const bytes = gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES });
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new Dsr1Error('VERSION_SKEW', `${what}: expected JSON compressed by gzip`, { cause });
  }
}
