/**
 * The number that fences coordinators: agents refuse commands of a lower one. It rises at every start, and above what any
 * agent has already obeyed, which heals a coordinator that was restored from an old backup.
 */
import type { MetaStore } from '../store/store.ts';

export interface LeaderEpoch {
  current(): number;
  /** Raises the epoch when an agent has obeyed a higher one. */
  liftAbove(reported: number): Promise<void>;
}

export async function takeLeadership(meta: MetaStore): Promise<LeaderEpoch> {
  let epoch = await meta.raiseLeaderEpoch(0);
  return {
    current: () => epoch,
    async liftAbove(reported) {
      if (reported > epoch) epoch = Math.max(epoch, await meta.raiseLeaderEpoch(reported));
    },
  };
}
