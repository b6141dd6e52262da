/** Deployment file and flags → the one DeploymentSpec. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';
import { knownConfig, nearestName } from '@dsr1/shared/models/known/known-models';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { parseDeploymentSpec } from '@dsr1/shared/spec/parse';
import { parse } from 'yaml';
import type { CtlIo } from '../io.ts';
import { deploymentText } from '../text/deployment.ts';
import { applyFlags } from './spec-options.ts';

/** The deployment of a published model, with what the flags ask of it. */
export type ChooseSpec = (
  model: string,
  asked: Partial<DeploymentSpec>,
) => Promise<Readonly<Record<string, unknown>>>;

/**
 * `words` are a file and what came after `--`; with `--engine command` on the command line there is no file and all of
 * them are the command. A file that is not there and has the name of a published model is that model.
 * @throws INVALID_ARGUMENT, UNKNOWN_KEY, CONFIG_INVALID, and what `ofModel` throws
 */
export async function readSpec(
  io: CtlIo,
  words: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  ofModel: ChooseSpec,
): Promise<DeploymentSpec> {
  const [file, ...afterFile] = words;
  const onlyFlags = flags.engine === 'command' || file === undefined;
  if (onlyFlags && flags.engine === undefined) {
    throw new Dsr1Error('INVALID_ARGUMENT', deploymentText.nothingToDeploy, {
      hint: deploymentText.nothingToDeployHint,
    });
  }
  const base = onlyFlags
    ? {}
    : isModel(io, file)
      ? await ofModel(file, applyFlags({}, flags, []))
      : await readFile(io, file);
  return parseDeploymentSpec(applyFlags(base, flags, onlyFlags ? words : afterFile));
}

const isModel = (io: CtlIo, file: string): boolean =>
  knownConfig(file) !== null && !statSync(resolve(io.cwd, file), { throwIfNoEntry: false })?.isFile();

async function readFile(io: CtlIo, file: string): Promise<Readonly<Record<string, unknown>>> {
  const content =
    file === '-' ? await readAll(io.stdin as NodeJS.ReadStream) : readFrom(resolve(io.cwd, file));
  const value = parseYaml(content, file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Dsr1Error('CONFIG_INVALID', deploymentText.notAMap(file), {
    hint: deploymentText.nothingToDeployHint,
  });
}

function readFrom(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const near = /\.ya?ml$/.test(path) ? null : nearestName(path);
    throw new Dsr1Error(
      'CONFIG_INVALID',
      deploymentText.unreadable(path, (cause as NodeJS.ErrnoException).code ?? ''),
      {
        cause,
        hint: near === null ? deploymentText.nothingToDeployHint : deploymentText.nearModel(near),
      },
    );
  }
}

function parseYaml(content: string, file: string): unknown {
  try {
    return parse(content);
  } catch (cause) {
    const [problem] = (cause as Error).message.split('\n');
    throw new Dsr1Error('CONFIG_INVALID', deploymentText.notYaml(file, problem ?? ''), { cause });
  }
}
