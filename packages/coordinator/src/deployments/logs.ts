import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeHub } from '../nodes/hub.ts';
import type { DeploymentStore } from './store.ts';

export interface LogRequest {
  readonly name: string;
  readonly rank: number;
  /** null: the rank's first process. */
  readonly process: string | null;
  readonly lines: number;
  readonly follow: boolean;
}

export interface LogService {
  /**
   * Bytes of one process's log in its latest attempt; ends with the log, or when `signal` aborts.
   * @throws DEPLOYMENT_NOT_FOUND, NOT_FOUND (no such rank or process yet), NODE_OFFLINE
   */
  open(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export const createLogService = (
  store: DeploymentStore,
  hub: Pick<NodeHub, 'nodes' | 'tailLog'>,
): LogService => ({
  async open({ name, rank, process, lines, follow }, signal) {
    const stored = await store.load(name);
    if (stored === null)
      throw new Dsr1Error('DEPLOYMENT_NOT_FOUND', `there is no deployment ${name}`, {
        hint: 'dsr1ctl ls lists them',
      });
    const plan = stored.attempt?.plan.ranks.find((one) => one.rank === rank);
    if (plan === undefined) {
      const last = (stored.attempt?.ranks.length ?? 0) - 1;
      throw new Dsr1Error('NOT_FOUND', `deployment ${name} has no rank ${rank}`, {
        hint: last < 0 ? 'it has not been planned yet' : `its ranks are 0 to ${last}`,
      });
    }
    const ids = plan.processes.map(({ id }) => id);
    const chosen = process ?? ids[0] ?? '';
    if (!ids.includes(chosen)) {
      throw new Dsr1Error('NOT_FOUND', `rank ${rank} of ${name} has no process ${chosen}`, {
        hint: `it has ${ids.join(', ')}`,
      });
    }
    if (hub.nodes().find(({ id }) => id === plan.nodeId)?.sessionId == null) {
      throw new Dsr1Error(
        'NODE_OFFLINE',
        `node ${plan.nodeName}, which holds the log of rank ${rank}, has no session`,
        {
          hint: `dsr1ctl node show ${plan.nodeName}`,
        },
      );
    }
    const epoch = stored.deployment.epoch;
    return hub.tailLog(
      plan.nodeId,
      { deployment: name, epoch, process: chosen, lastLines: lines, follow },
      signal,
    );
  },
});
