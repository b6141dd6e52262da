/**
 * What a running agent says of itself to programs of the same host (`dsr1ctl join` waits for it): the file
 * `<state>/status.json`, replaced as a whole whenever it changes.
 */
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Nullable } from './facts/nullable.ts';

export const AgentStatus = Type.Object({
  pid: Type.Integer(),
  version: Type.String(),
  nodeId: Type.String(),
  nodeName: Type.String(),
  clusterId: Type.String(),
  /** `refused`: the coordinator answered and will not have this node; see `problem`. */
  session: Type.Union([Type.Literal('connecting'), Type.Literal('connected'), Type.Literal('refused')]),
  /** `host:port` of the session, or of the last try. */
  server: Nullable(Type.String()),
  /** ISO time at which the coordinator was known to hold this process's current facts: sent, or already there. */
  factsSeenAt: Nullable(Type.String()),
  /** Why there is no session. */
  problem: Nullable(
    Type.Object({ code: Type.String(), message: Type.String(), hint: Nullable(Type.String()) }),
  ),
});
export type AgentStatus = Static<typeof AgentStatus>;

export const agentStatusPath = (stateDir: string): string => join(stateDir, 'status.json');
