/** A plan with the verdict on its memory: refused where the model certainly does not fit, told where it may not. */

import { judgePlan, type PlannedModel } from '@dsr1/shared/models/plan-fit';
import { type PlanFit, sumTable } from '@dsr1/shared/plan/fit';
import type { LaunchPlan, PlanResult, Rejection } from '@dsr1/shared/plan/model';
import type { PlanNode } from './input.ts';

type Feasible = Extract<PlanResult, { feasible: true }>;

/** @param enforce false: what does not fit is a warning (`model.fit: warn`, or it has served before) */
export function withFit(
  result: Feasible,
  nodes: readonly PlanNode[],
  model: PlannedModel,
  enforce: boolean,
): PlanResult {
  const gang = result.plan.ranks.map(({ nodeId }) => nodes.find(({ id }) => id === nodeId)?.facts ?? null);
  const fit = judgePlan(
    result.plan,
    gang.filter((facts) => facts !== null),
    model,
  );
  if (fit === null) return result;
  if (enforce && (fit.verdict === 'does-not-fit' || fit.verdict === 'illegal'))
    return { feasible: false, rejections: [rejection(fit, result.plan)] };
  return { ...result, plan: { ...result.plan, fit, warnings: [...result.plan.warnings, ...warning(fit)] } };
}

function rejection(
  { verdict, because, category, nearest, lines }: PlanFit,
  { world }: LaunchPlan,
): Rejection {
  const illegal = verdict === 'illegal';
  const how = `tensor ${world.tensor} × pipeline ${world.pipeline}`;
  return {
    node: null,
    category: category ?? verdict,
    because: `the model ${illegal ? 'cannot run so' : 'does not fit'} (${how}): ${because.join('; ')}`,
    fix: `${nearest === null ? 'take more nodes, or a smaller model' : `nearest that fits: ${nearest.change}`}; model.fit: warn launches it all the same`,
    ...(lines.length === 0 ? {} : { table: sumTable(lines) }),
  };
}

function warning({ verdict, because, nearest }: PlanFit): readonly string[] {
  const says = because.join('; ');
  const change = nearest === null ? '' : `; nearest that fits: ${nearest.change}`;
  if (verdict === 'near') return [`the model may not fit: ${says}${change}`];
  if (verdict === 'does-not-fit') return [`the model does not fit: ${says}${change}`];
  return verdict === 'illegal' ? [`the engine would refuse: ${says}${change}`] : [];
}
