import type { DeploymentState } from '@dsr1/shared/http-api/resources';
import type { Action } from './actions.ts';
import type { DeploymentRecord } from './model.ts';

/** A `settle` action, or nothing when the deployment stands there already. */
export function settle(
  deployment: DeploymentRecord,
  state: DeploymentState,
  message: string,
): readonly Action[] {
  return deployment.state === state && deployment.message === message
    ? []
    : [{ kind: 'settle', state, message }];
}
