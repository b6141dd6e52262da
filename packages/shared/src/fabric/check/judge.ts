/** Everything that a check saw → what is broken, where, and what to do. */
import type { FabricNode, FabricSelection } from '../model.ts';
import { baselineFindings } from './baseline.ts';
import { judgeEnds } from './judge-ends.ts';
import { judgeNodes, type NodeState } from './judge-nodes.ts';
import { judgePairs } from './judge-pairs.ts';
import { judgePlan } from './judge-plan.ts';
import type { CheckEnd, CheckFinding, ComparedFigure, PairResult } from './model.ts';

export interface Checked {
  /** null = the fabric is a given, as in a launch: what was left out of it is not in question. */
  readonly selection: FabricSelection | null;
  readonly views: readonly FabricNode[];
  readonly ends: readonly CheckEnd[];
  readonly states: readonly NodeState[];
  readonly pairs: readonly PairResult[];
  readonly figures: readonly ComparedFigure[];
}

/** Errors first; a cause that explains others comes before them. */
export function judge(checked: Checked): CheckFinding[] {
  const findings = [
    ...(checked.selection === null ? [] : judgePlan(checked.selection, checked.views)),
    ...judgeNodes(checked.states),
    ...judgeEnds(checked.ends, checked.views),
    ...judgePairs(checked.pairs, checked.ends),
    ...baselineFindings(checked.figures),
  ];
  return findings.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'));
}
