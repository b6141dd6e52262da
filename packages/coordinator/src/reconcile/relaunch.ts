/** May an attempt that is over be followed by another, and when? */
import { backoffMs } from '@dsr1/shared/backoff';
import { assertNever } from '@dsr1/shared/errors';
import type {
  AttemptRecord,
  DeploymentRecord,
  EndCause,
  Ending,
  PastAttempt,
  ReconcilePolicy,
} from './model.ts';

export type Verdict =
  | { readonly kind: 'relaunch'; readonly notBeforeMs: number; readonly avoidPorts: readonly number[] }
  | { readonly kind: 'fail'; readonly message: string };

/**
 * `past` are the ended attempts of this deployment, newest first, the given one included. What happened before the
 * operator last started the deployment does not count.
 */
export function judge(
  deployment: DeploymentRecord,
  attempt: AttemptRecord,
  past: readonly PastAttempt[],
  policy: ReconcilePolicy,
): Verdict {
  const ending = attempt.ending;
  const endedAtMs = attempt.endedAtMs ?? 0;
  if (ending === null || ending.cause === 'operator') return relaunchAt(endedAtMs);
  const recent = past.filter((one) => one.endedAtMs > deployment.startedAtMs);
  switch (kindOf(ending.cause)) {
    case 'no-fault':
      return relaunchAt(endedAtMs + delayMs(recent, 'no-fault', policy));
    case 'ports':
      if (isChosen(deployment, ending) && !hasServed(recent)) return fail(ending.message);
      if (streak(recent, 'ports') > policy.maxPortRetries) {
        return fail(`${ending.message}; ${policy.maxPortRetries} more tries found ports taken as well`);
      }
      return {
        kind: 'relaunch',
        notBeforeMs: endedAtMs + delayMs(recent, 'ports', policy),
        avoidPorts: portsToAvoid(deployment, attempt, recent),
      };
    case 'network':
      // Nothing was started: trying again costs seconds, and a network that once served may come back at any time.
      return hasServed(recent)
        ? relaunchAt(endedAtMs + delayMs(recent, 'network', policy))
        : fail(ending.message);
    case 'fault': {
      if (!hasServed(recent)) return fail(ending.message);
      const max = deployment.spec.restart?.maxAttempts ?? policy.maxAttempts;
      const windowSeconds = deployment.spec.restart?.windowSeconds ?? policy.windowSeconds;
      const faults = recent.filter(
        (one) => kindOf(one.cause) === 'fault' && endedAtMs - one.endedAtMs < windowSeconds * 1000,
      );
      if (faults.length > max) {
        return fail(
          `${ending.message}; it failed ${faults.length} times within ${windowSeconds} s (${max} relaunches allowed)`,
        );
      }
      return relaunchAt(endedAtMs + delayMs(recent, 'fault', policy));
    }
  }
}

type CauseKind = 'no-fault' | 'ports' | 'network' | 'fault';

function kindOf(cause: EndCause): CauseKind {
  switch (cause) {
    case 'operator':
    case 'node-rebooted':
    case 'node-removed':
    case 'interrupted':
    case 'facts-changed':
      return 'no-fault';
    case 'rehearsal-failed':
      return 'network';
    case 'port-taken':
      return 'ports';
    case 'rank-failed':
    case 'rank-vanished':
    case 'refused':
      return 'fault';
  }
  return assertNever(cause);
}

/** Nothing for the first, then doubling; an attempt that served for the stability window ends the streak. */
function delayMs(recent: readonly PastAttempt[], kind: CauseKind, policy: ReconcilePolicy): number {
  const unstable = recent.findIndex((one) => kindOf(one.cause) !== kind || wasStable(one, policy));
  const length = unstable === -1 ? recent.length : unstable;
  if (length === 0 || (kind !== 'fault' && length === 1)) return 0;
  return backoffMs({ baseMs: policy.backoffBaseMs, maxMs: policy.backoffMaxMs }, length - 1, 1);
}

const wasStable = (one: PastAttempt, policy: ReconcilePolicy): boolean =>
  one.servedAtMs !== null && one.endedAtMs - one.servedAtMs >= policy.stableMs;

const hasServed = (recent: readonly PastAttempt[]): boolean => recent.some((one) => one.servedAtMs !== null);

/** The taken port is the one that the operator chose: another try finds it taken as well. */
const isChosen = ({ spec }: DeploymentRecord, { failure }: Ending): boolean =>
  spec.endpoint?.port !== undefined && failure?.takenPorts?.includes(spec.endpoint.port) === true;

const streak = (recent: readonly PastAttempt[], kind: CauseKind): number => {
  const other = recent.findIndex((one) => kindOf(one.cause) !== kind);
  return other === -1 ? recent.length : other;
};

/**
 * The ports that the refusing node named, else all of its rank; of these its endpoint, which clients would rather keep,
 * from the second try on. An endpoint that the operator chose is never given up.
 */
function portsToAvoid(
  { spec }: DeploymentRecord,
  attempt: AttemptRecord,
  recent: readonly PastAttempt[],
): readonly number[] {
  const rank = attempt.plan.ranks.find((one) => one.rank === attempt.ending?.rank);
  const named = attempt.ending?.failure?.takenPorts;
  const ports = named ?? (rank?.ports ?? []).map((one) => one.port);
  const chosen = spec.endpoint?.port !== undefined;
  const keeps = chosen || (named === undefined && streak(recent, 'ports') < 2);
  const kept = keeps ? attempt.plan.endpoint?.port : undefined;
  return [...new Set([...attempt.avoidPorts, ...ports.filter((port) => port !== kept)])];
}

const relaunchAt = (notBeforeMs: number): Verdict => ({ kind: 'relaunch', notBeforeMs, avoidPorts: [] });
const fail = (message: string): Verdict => ({ kind: 'fail', message });
