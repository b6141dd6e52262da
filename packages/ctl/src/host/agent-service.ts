/** Makes the agent of this host run after a join: as a systemd unit, or by a command that the person runs. */
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';
import { runningAgent, waitForFacts } from './agent-status.ts';
import { writeDaemonConfig } from './daemon-config.ts';
import { findInstallation } from './installation.ts';
import { runProgram } from './run-program.ts';
import { AGENT_STATE_DIR } from './state-dir.ts';
import { createSystemd, isSystemdHost, UNIT_DIR, unitText } from './systemd.ts';

export interface AgentServiceRequest {
  readonly stateDir: string;
  readonly nodeId: string;
  readonly service: boolean;
  /** A fresh identity needs a fresh process; an old one that runs is left alone. */
  readonly isNew: boolean;
  readonly timeoutMs: number;
}

/** Returns when the coordinator has seen the facts; at once when the person has yet to start the agent. */
export async function startAgentService(io: CtlIo, request: AgentServiceRequest): Promise<void> {
  const { agent, unitsDir } = findInstallation(io);
  if (request.service && isSystemdHost()) {
    if (request.stateDir !== AGENT_STATE_DIR) writeDaemonConfig('agent', { stateDir: request.stateDir });
    const systemd = createSystemd(runProgram, UNIT_DIR, io.interrupted);
    await systemd.install('dsr1-agent', unitText(unitsDir, 'dsr1-agent', agent), { restart: request.isNew });
  } else if (runningAgent(request.stateDir, request.nodeId) === null) {
    io.stderr.write(`${hostText.join.foreground([...agent, 'run', '--state-dir', request.stateDir])}\n`);
    return;
  }
  io.stderr.write(`${hostText.join.waiting}\n`);
  await waitForFacts(io, request.stateDir, request.nodeId, request.timeoutMs);
  io.stderr.write(`${hostText.join.seen}\n`);
}
