/** The nodes of a bundle, asked a few at a time; one that gives nothing is named, and the others count. */
import { toDsr1Error } from '@dsr1/shared/errors';
import type { BundledNode } from '@dsr1/shared/fabric/collect/bundle';
import type { CollectedNode } from '@dsr1/shared/fabric/collect/model';

export interface AbsentNode {
  readonly node: string;
  readonly reason: string;
}

export interface CollectNodesDeps {
  readonly ask: (node: string) => Promise<CollectedNode>;
  /** Logs and settings of the ranks on it, by kind. */
  readonly rankTexts: (node: string) => Promise<Readonly<Record<string, string>>>;
  /** Takes each node as it comes, so that a large gang is never in memory at once. */
  readonly take: (node: BundledNode) => Promise<void>;
  readonly progress: (done: number, waiting: readonly string[]) => void;
  readonly interrupted: AbortSignal;
}

const AT_ONCE = 8;

/** Nodes that gave nothing. Rejects when `take` does, and on Ctrl-C. */
export async function collectNodes(names: readonly string[], deps: CollectNodesDeps): Promise<AbsentNode[]> {
  const left = [...names];
  const asked = new Set<string>();
  const absent: AbsentNode[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      deps.interrupted.throwIfAborted();
      asked.add(name);
      deps.progress(done, [...asked]);
      const found = await oneNode(name, deps);
      deps.interrupted.throwIfAborted();
      if ('reason' in found) absent.push(found);
      else await deps.take(found);
      asked.delete(name);
      done += 1;
      deps.progress(done, [...asked]);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return absent.sort((a, b) => names.indexOf(a.node) - names.indexOf(b.node));
}

/** A node whose logs cannot be had still counts. */
async function oneNode(
  name: string,
  { ask, rankTexts }: CollectNodesDeps,
): Promise<BundledNode | AbsentNode> {
  const [asked, own] = await Promise.allSettled([ask(name), rankTexts(name)]);
  const texts = own.status === 'fulfilled' ? own.value : {};
  if (asked.status === 'rejected') return { node: name, reason: toDsr1Error(asked.reason).message };
  const { missing } = asked.value;
  return {
    name,
    texts: { ...asked.value.texts, ...texts },
    missing:
      own.status === 'fulfilled'
        ? missing
        : [...missing, { tool: 'logs of its ranks', reason: toDsr1Error(own.reason).message }],
  };
}
