/** What the agent's program sees on this host, with or without a coordinator. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { CollectedNode } from '@dsr1/shared/fabric/collect/model';
import { NodeFacts } from '@dsr1/shared/facts/node';
import { decode } from '@dsr1/shared/schema';
import type { Static, TSchema } from 'typebox';
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';
import { findInstallation } from './installation.ts';
import type { RunProgram } from './run-program.ts';

/** @throws CHECK_FAILED when the agent's program fails, VERSION_SKEW when its answer has another form */
export const localFacts = (io: CtlIo, run: RunProgram): Promise<NodeFacts> =>
  askAgent(io, run, ['facts', '--json'], NodeFacts);

/** This host's part of a support bundle. @throws as localFacts */
export const localTexts = (io: CtlIo, run: RunProgram, mask: boolean): Promise<CollectedNode> =>
  askAgent(io, run, ['collect', ...(mask ? ['--mask'] : [])], CollectedNode);

async function askAgent<T extends TSchema>(
  io: CtlIo,
  run: RunProgram,
  args: readonly string[],
  schema: T,
): Promise<Static<T>> {
  const argv = [...findInstallation(io).agent, ...args];
  const { exitCode, stdout, stderr } = await run(argv, io.interrupted);
  if (exitCode !== 0)
    throw new Dsr1Error('CHECK_FAILED', hostText.commandFailed(argv, exitCode, stderr.trim()));
  return decode(schema, parseJson(stdout), { what: hostText.factsOf(argv), code: 'VERSION_SKEW' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
