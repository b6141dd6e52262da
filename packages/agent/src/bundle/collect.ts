/** This node's part of a support bundle: its facts, and what its tools and sysfs say. */
import { gzipSync } from 'node:zlib';
import { collectTexts } from '@dsr1/shared/fabric/collect/collect';
import { fabricFactsText } from '@dsr1/shared/fabric/collect/facts';
import {
  COLLECT_PROBE,
  type CollectAnswer,
  type CollectedNode,
  CollectRequest,
  MAX_COLLECTED_BYTES,
} from '@dsr1/shared/fabric/collect/model';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { decode } from '@dsr1/shared/schema';
import type { Host } from '../host/host.ts';

export interface CollectInput {
  readonly facts: NodeFacts;
  /** Whose network settings are kept; the agent's own service has none. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mask: boolean;
  readonly timeoutMs?: number;
}

/** Without persistence mode nvidia-smi initialises the driver for each call: seconds on a host with eight GPUs. */
const TOOL_LIMIT_MS = 15_000;

/** Never rejects: what cannot be had is named. */
export function collectNode(
  host: Host,
  { facts, env, mask, timeoutMs = TOOL_LIMIT_MS }: CollectInput,
): Promise<CollectedNode> {
  return collectTexts(host, { facts: fabricFactsText(facts), env, mask, timeoutMs });
}

/** The answer to the coordinator's probe. @throws INVALID_ARGUMENT */
export async function answerCollect(
  host: Host,
  facts: () => Promise<NodeFacts>,
  args: unknown,
): Promise<CollectAnswer> {
  const { mask } = decode(CollectRequest, args, { what: COLLECT_PROBE });
  const node = await collectNode(host, { facts: await facts(), env: {}, mask });
  return { gzip: compressed(node, MAX_COLLECTED_BYTES).toString('base64') };
}

/** The node's texts by gzip, in at most `limitBytes`: the largest is left out, and named, until they fit. */
export function compressed(node: CollectedNode, limitBytes: number): Buffer {
  const bytes = gzipSync(JSON.stringify(node));
  const [largest] = Object.entries(node.texts).sort(([, a], [, b]) => b.length - a.length);
  if (bytes.length <= limitBytes || largest === undefined) return bytes;
  const [kind, text] = largest;
  const { [kind]: _, ...texts } = node.texts;
  const left = { tool: kind, reason: `its ${text.length} characters are too much for one bundle` };
  return compressed({ texts, missing: [...node.missing, left] }, limitBytes);
}
