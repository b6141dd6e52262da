import { Dsr1Error } from '@dsr1/shared/errors';
import type { Rejection } from '@dsr1/shared/plan/model';
import { deploymentText } from '../text/deployment.ts';

/** PLAN_INFEASIBLE with every refusal; the error report shows them as a table. */
export function infeasible(name: string, rejections: readonly Rejection[]): Dsr1Error {
  return new Dsr1Error('PLAN_INFEASIBLE', deploymentText.infeasible(name), {
    hint: rejections[0]?.fix ?? deploymentText.infeasibleHint,
    details: { rejections },
  });
}
