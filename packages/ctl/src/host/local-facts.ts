/** What the agent's probes see on this host, with or without a coordinator. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { NodeFacts } from '@dsr1/shared/facts/node';
import { decode } from '@dsr1/shared/schema';
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';
import { findInstallation } from './installation.ts';
import type { RunProgram } from './run-program.ts';

/** @throws CHECK_FAILED when the agent's program fails, VERSION_SKEW when its answer has another form */
export async function localFacts(io: CtlIo, run: RunProgram): Promise<NodeFacts> {
  const argv = [...findInstallation(io).agent, 'facts', '--json'];
  const { exitCode, stdout, stderr } = await run(argv, io.interrupted);
  if (exitCode !== 0)
    throw new Dsr1Error('CHECK_FAILED', hostText.commandFailed(argv, exitCode, stderr.trim()));
  return decode(NodeFacts, parseJson(stdout), { what: hostText.factsOf(argv), code: 'VERSION_SKEW' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
