/** Real engines for lab hosts: installed once on this machine, shown to every host under /opt/engines. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { EngineInstallation } from '../engines/gangs.ts';

export interface LabEngine extends EngineInstallation {
  /** "SRC:DST" pairs for bootLab. */
  readonly binds: readonly string[];
}

const MODEL = '/models/tiny';
const ODD_MODEL = '/models/tiny-3-heads';

/** Installs an engine's CPU build and the tiny model unless the cache has them (about a minute, 2 GB). */
export function labEngine(name: 'vllm' | 'vllm-ray' | 'sglang'): LabEngine {
  const folder = dirname(dirname(installedPython(name)));
  const model = installedModel();
  const shown = `/opt/engines/${name}`;
  return {
    python: `${shown}/bin/python`,
    model: MODEL,
    // Its scripts name the interpreter by the path where they were installed, so that path is shown too.
    binds: [`${folder}:${folder}`, `${folder}:${shown}`, `${model}:${MODEL}`],
  };
}

/** Interpreter of an engine's environment on this machine. */
export const installedPython = (name: 'vllm' | 'vllm-ray' | 'sglang'): string => install(name);

/** Folder of the tiny model on this machine. */
export const installedModel = (): string => install('model');

/** The tiny model with 3 heads, at `model` on every host. */
export const oddModel = (): Pick<LabEngine, 'model' | 'binds'> => ({
  model: ODD_MODEL,
  binds: [`${install('model-3-heads')}:${ODD_MODEL}`],
});

function install(what: string): string {
  const script = join(import.meta.dirname, 'engines/install.sh');
  const output = execFileSync(script, [what], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return output.trim().split('\n').at(-1) ?? '';
}
