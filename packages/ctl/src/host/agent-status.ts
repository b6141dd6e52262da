/** Waits for the agent of this host to say that the coordinator has its facts. */
import { readFileSync } from 'node:fs';
import {
  type AgentStatus,
  AgentStatus as AgentStatusSchema,
  agentStatusPath,
} from '@dsr1/shared/agent-status';
import { Dsr1Error, isErrorCode } from '@dsr1/shared/errors';
import { Value } from 'typebox/value';
import type { CtlIo } from '../io.ts';
import { pause } from '../pause.ts';
import { hostText } from '../text/host.ts';

const POLL_MS = 100;

/** @throws the coordinator's refusal (NODE_REMOVED, VERSION_SKEW …), TIMEOUT with what the agent last said */
export async function waitForFacts(
  io: CtlIo,
  stateDir: string,
  nodeId: string,
  timeoutMs: number,
): Promise<void> {
  const until = io.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const current = runningAgent(stateDir, nodeId);
    if (current?.session === 'connected' && current.factsSeenAt !== null) return;
    if (current?.session === 'refused') throw problemOf(current);
    if (io.clock.monotonicMs() > until) {
      const said = current?.problem?.message ?? current?.session ?? hostText.join.noStatus;
      throw new Dsr1Error('TIMEOUT', hostText.join.notSeen(timeoutMs / 1000, said), {
        hint: hostText.join.notSeenHint,
      });
    }
    await pause(POLL_MS, io.interrupted);
  }
}

/** What the live agent of this node says; null when none runs. */
export function runningAgent(stateDir: string, nodeId: string): AgentStatus | null {
  const status = readStatus(stateDir);
  return status?.nodeId === nodeId && isAlive(status.pid) ? status : null;
}

/** null when there is none yet, or one of another version. */
function readStatus(stateDir: string): AgentStatus | null {
  try {
    const value: unknown = JSON.parse(readFileSync(agentStatusPath(stateDir), 'utf8'));
    return Value.Check(AgentStatusSchema, value) ? value : null;
  } catch {
    return null;
  }
}

/** The file outlives an agent that was killed. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function problemOf({ problem }: AgentStatus): Dsr1Error {
  const code = problem !== null && isErrorCode(problem.code) ? problem.code : 'INTERNAL';
  return new Dsr1Error(code, problem?.message ?? '', { hint: problem?.hint ?? hostText.join.notSeenHint });
}
