/** Writes `<state>/status.json` for programs of this host (shared/agent-status.ts). */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AgentStatus, agentStatusPath } from '@dsr1/shared/agent-status';
import type { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeIdentity } from '@dsr1/shared/identity/store';
import type { Logger } from '@dsr1/shared/logger';
import { VERSION } from '@dsr1/shared/version';

export interface StatusFile {
  connected(server: string): void;
  factsSeen(): void;
  disconnected(server: string, error: Dsr1Error): void;
  remove(): void;
}

/** gRPC statuses with which the coordinator itself refuses: PERMISSION_DENIED, UNAUTHENTICATED. */
const REFUSALS = [7, 16];

export function createStatusFile(
  stateDir: string,
  { nodeId, nodeName, clusterId }: NodeIdentity,
  wallMs: () => number,
  log: Logger,
): StatusFile {
  const path = agentStatusPath(stateDir);
  let status: AgentStatus = {
    pid: process.pid,
    version: VERSION,
    nodeId,
    nodeName,
    clusterId,
    session: 'connecting',
    server: null,
    factsSeenAt: null,
    problem: null,
  };
  const set = (change: Partial<AgentStatus>): void => {
    status = { ...status, ...change };
    try {
      writeFileSync(`${path}.tmp`, `${JSON.stringify(status)}\n`, { mode: 0o644 });
      renameSync(`${path}.tmp`, path);
    } catch (err) {
      log.warn({ err }, 'the status file was not written');
    }
  };
  set({});
  return {
    connected: (server) => set({ session: 'connected', server, problem: null }),
    factsSeen: () => set({ factsSeenAt: new Date(wallMs()).toISOString() }),
    disconnected: (server, { code, message, hint, entry }) =>
      set({
        session: REFUSALS.includes(entry.grpc) ? 'refused' : 'connecting',
        server,
        problem: { code, message, hint },
      }),
    remove: () => rmSync(path, { force: true }),
  };
}
