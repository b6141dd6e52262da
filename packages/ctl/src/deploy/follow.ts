/** Watches one deployment until it is where it should be. */
import { Dsr1Error, isErrorCode, toDsr1Error } from '@dsr1/shared/errors';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { Api } from '../client/api.ts';
import type { CtlIo } from '../io.ts';
import { pause } from '../pause.ts';
import { deploymentText } from '../text/deployment.ts';
import { type Observation, observe } from './observation.ts';

export type Goal = 'serving' | 'stopped';

const POLL_MS = 400;
/** A coordinator may restart while engines go on; after this long its silence is an error. */
const SILENCE_MS = 60_000;

/**
 * Looks again and again, and tells `onLook` what it saw; resolves with the deployment at its goal.
 * @throws when it failed (or was stopped while serving was awaited) what the node said, else LAUNCH_FAILED; and what `onLook` throws
 */
export async function follow(
  io: CtlIo,
  api: Api,
  name: string,
  goal: Goal,
  onLook: (seen: Observation) => void,
): Promise<DeploymentDetail> {
  let seen: Observation | null = null;
  let answeredMs = io.clock.monotonicMs();
  for (;;) {
    const nowMs = io.clock.monotonicMs();
    const detail = await look(api, name, nowMs - answeredMs < SILENCE_MS);
    if (detail !== null) {
      answeredMs = nowMs;
      seen = observe(seen, detail, nowMs);
      onLook(seen);
      if (detail.state === goal) return detail;
      if (detail.state === 'failed' || detail.state === 'stopped') throw launchFailed(detail);
    }
    await pause(POLL_MS, io.interrupted);
  }
}

/** null when the coordinator is silent and that is still borne. */
async function look(api: Api, name: string, patient: boolean): Promise<DeploymentDetail | null> {
  try {
    return await api.deployment(name);
  } catch (thrown) {
    const { code } = toDsr1Error(thrown);
    if (patient && (code === 'COORDINATOR_UNREACHABLE' || code === 'TIMEOUT')) return null;
    throw thrown;
  }
}

/** By the name, and with the advice, that the node gave, where it gave one. */
function launchFailed({ name, state, message, failure, rejections }: DeploymentDetail): Dsr1Error {
  const code = failure !== undefined && isErrorCode(failure.code) ? failure.code : 'LAUNCH_FAILED';
  return new Dsr1Error(code, deploymentText.failed(name, state, message), {
    hint: failure?.hint ?? deploymentText.failedHint(name),
    details: { rejections },
  });
}
