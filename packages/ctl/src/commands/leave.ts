/** `dsr1ctl leave`: undoes join. */
import { rmSync } from 'node:fs';
import { agentStatusPath } from '@dsr1/shared/agent-status';
import { openIdentityStore } from '@dsr1/shared/identity/store';
import { Command } from 'commander';
import { runProgram } from '../host/run-program.ts';
import { AGENT_STATE_DIR, withWriteAccess } from '../host/state-dir.ts';
import { createSystemd, isSystemdHost, UNIT_DIR } from '../host/systemd.ts';
import type { CtlIo } from '../io.ts';
import { confirm } from '../output/confirm.ts';
import { hostText } from '../text/host.ts';

interface LeaveOptions {
  readonly stateDir: string;
  readonly yes?: true;
}

export function leaveCommand(io: CtlIo): Command {
  return new Command('leave')
    .description(hostText.leave.describe)
    .option('--state-dir <dir>', hostText.stateDirFlag, AGENT_STATE_DIR)
    .option('-y, --yes', hostText.yesFlag)
    .action((options: LeaveOptions) => withWriteAccess(options.stateDir, () => leave(io, options)));
}

/** The service goes first: an agent without an identity would only complain. */
async function leave(io: CtlIo, { stateDir, yes }: LeaveOptions): Promise<void> {
  const store = openIdentityStore(stateDir);
  const identity = store.load();
  if (identity === null) return void io.stdout.write(`${hostText.leave.notJoined}\n`);
  const { nodeName, clusterId } = identity;
  if (!yes && !(await confirm(io, hostText.leave.question(nodeName, clusterId)))) return;
  if (isSystemdHost()) await createSystemd(runProgram, UNIT_DIR, io.interrupted).remove('dsr1-agent');
  store.wipe();
  rmSync(agentStatusPath(stateDir), { force: true });
  io.stdout.write(`${hostText.leave.left(clusterId, nodeName)}\n`);
}
