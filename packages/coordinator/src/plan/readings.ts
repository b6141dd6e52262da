/** What nodes are asked to read of their engines before a plan can be judged, and what follows when they cannot. */
import type { Engine } from '@dsr1/shared/engines/engine';
import { ENGINE_READING, type EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import type { LaunchPlan, Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { PlanNode, UsableNode } from './input.ts';
import { installOf } from './installs.ts';

export interface WantedReading {
  readonly nodeId: string;
  readonly request: EngineReadRequest;
}

/**
 * An image says nothing of itself, so every rank's node reads it; of an environment the versions are facts, and its flags
 * are read on the head when there are flags to compare and no table of that version is shipped.
 */
export function wantedReadings(
  { spec, engine, nodes }: { spec: DeploymentSpec; engine: Engine; nodes: readonly PlanNode[] },
  { ranks }: LaunchPlan,
): readonly WantedReading[] {
  const { installName } = engine;
  const { image = null, python = 'python3', args = [], gated = false } = spec.engine;
  if (installName === null) return [];
  const gang = ranks.flatMap(
    ({ nodeId }) => nodes.find(({ id, facts }) => id === nodeId && facts !== null) ?? [],
  );
  const unread = (image === null ? gang.slice(0, 1) : gang).filter(({ reading }) => reading === undefined);
  return unread.flatMap((node): readonly WantedReading[] => {
    const { id: nodeId } = node;
    if (image !== null) return [{ nodeId, request: { engine: installName, python, image } }];
    const install = installOf(spec, engine, node as UsableNode);
    if (install === null || (args.length === 0 && !gated) || engine.knowsFlagsOf(install)) return [];
    return [{ nodeId, request: { engine: installName, python: install.python, image } }];
  });
}

/** Nothing is started on a guess while the answer is on its way. */
export const stillReading = (gang: readonly UsableNode[]): readonly Rejection[] =>
  gang.flatMap(({ name, reading }) =>
    reading?.state === 'reading'
      ? [
          {
            node: name,
            category: ENGINE_READING,
            because: 'it reads the versions and flags of the engine, once for every installation or image',
            fix: `wait: ${reading.seconds} s so far, two minutes at most; then plan again`,
          },
        ]
      : [],
  );

/** What a node could not read is not known, which is not a reason to refuse it. */
export const unreadWarnings = (gang: readonly UsableNode[]): readonly string[] =>
  gang.flatMap(({ name, reading }) =>
    reading?.state === 'unknown'
      ? [`versions and flags of the engine on ${name} are not known: ${reading.because}`]
      : reading?.state === 'known' && reading.because !== null
        ? [`flags of the engine on ${name} are not known: ${reading.because}`]
        : [],
  );
