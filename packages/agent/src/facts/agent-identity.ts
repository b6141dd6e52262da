import { resolve } from 'node:path';
import { VERSION } from '@dsr1/shared/version';
import type { AgentIdentity } from './collect.ts';

/** The running agent program: its version, and the argv that starts it again. */
export function thisAgent(running: Pick<NodeJS.Process, 'execPath' | 'argv'>): AgentIdentity {
  return { agentVersion: VERSION, agentCommand: [running.execPath, resolve(running.argv[1] ?? '')] };
}
