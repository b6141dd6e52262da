/** Versions with a defect that somebody has described: data of each engine, with the place to read it. */
import type { EngineInstall } from '../facts/node.ts';
import type { DeploymentSpec } from '../spec/deployment.ts';
import type { EngineProblem } from './engine.ts';
import { atLeast } from './versions.ts';

export interface Defect {
  /** What has it: the engine itself, or the Ray beside it. */
  readonly of: 'version' | 'ray';
  /** First version that has it; absent = all before `before`. */
  readonly from?: string;
  /** First version without it. */
  readonly before: string;
  /** Deployments and installs that meet it; absent = all. */
  readonly when?: (spec: DeploymentSpec, install: EngineInstall) => boolean;
  /** `refuse` where no launch can work. */
  readonly severity: 'refuse' | 'warn';
  /** Goes on from the name and version: `vLLM 0.11.0 cannot …`. */
  readonly defect: string;
  readonly fix: string;
  readonly source: string;
}

/** What no launch of this spec can work with. */
export const defectProblems = (
  defects: readonly Defect[],
  spec: DeploymentSpec,
  install: EngineInstall | null,
): readonly EngineProblem[] =>
  met(defects, spec, install, 'refuse').map(({ said, fix }) => ({
    category: 'engine-version',
    because: said,
    fix,
  }));

/** What an operator should know of it before he says yes. */
export const defectWarnings = (
  defects: readonly Defect[],
  spec: DeploymentSpec,
  install: EngineInstall | null,
): readonly string[] => met(defects, spec, install, 'warn').map(({ said, fix }) => `${said}: ${fix}`);

export const spansNodes = ({ nodes }: DeploymentSpec): boolean =>
  nodes?.count !== 1 && nodes?.names?.length !== 1;

function met(
  defects: readonly Defect[],
  spec: DeploymentSpec,
  install: EngineInstall | null,
  severity: Defect['severity'],
) {
  if (install === null) return [];
  return defects.flatMap(({ of, from, before, when, defect, fix, source, ...one }) => {
    const version = install[of];
    const applies =
      one.severity === severity &&
      version !== null &&
      !atLeast(version, before) &&
      (from === undefined || atLeast(version, from)) &&
      (when === undefined || when(spec, install));
    const name = of === 'ray' ? 'Ray' : NAMES[install.engine];
    return applies ? [{ said: `${name} ${version} ${defect} (${source})`, fix }] : [];
  });
}

const NAMES = { sglang: 'SGLang', vllm: 'vLLM' } as const;
