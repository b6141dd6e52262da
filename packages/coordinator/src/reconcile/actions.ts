/** Everything that the reconciler can want, as one map; deployments/executor.ts is a mapped type over it. */

import type { OpenGateRequest } from '@dsr1/shared/engines/gate';
import type { Phase } from '@dsr1/shared/engines/phases';
import type { DeploymentState } from '@dsr1/shared/http-api/resources';
import type { RankState } from '@dsr1/shared/wire/messages';
import type { Ending } from './model.ts';
import type { NetworkNews } from './network.ts';
import type { RehearsalNews } from './rehearsal.ts';

export interface RankNews {
  readonly rank: number;
  readonly state: RankState;
  readonly phase: Phase;
}

export interface ActionMap {
  /** Plan the next attempt and store it; without a feasible plan, store why and wait. */
  plan: { readonly avoidPorts: readonly number[]; readonly why: string };
  /** Ask every rank's node to prepare; all answers decide. */
  prepare: Record<never, never>;
  /** Begin to test the network between the ranks as planned; how far it is shows in the next situations. */
  rehearse: Record<never, never>;
  /** The rehearsal lets the launch go on; `check` holds its report. */
  rehearsed: RehearsalNews & { readonly check: string | null };
  /** Tell these ranks' nodes to start, all at the same moment. */
  commit: { readonly ranks: readonly number[] };
  /** Have this node, the head, let the ranks past the gate of their start. */
  openGate: { readonly nodeId: string; readonly request: OpenGateRequest };
  /** Tell of ranks' new states and phases. */
  tell: { readonly ranks: readonly RankNews[] };
  /** The gang serves, over this network as far as the logs say. */
  serve: { readonly network: NetworkNews | null };
  /** The attempt is over; its ranks are to be stopped. */
  end: { readonly ending: Ending };
  /** Send the owed stop to these ranks' nodes. */
  stop: { readonly ranks: readonly number[]; readonly reason: string };
  /** Every rank is stopped or fenced; `ending` is what was known last of its cause. */
  close: { readonly ending: Ending };
  /** Store where the deployment stands. */
  settle: { readonly state: DeploymentState; readonly message: string };
  /** Forget the deployment. */
  remove: Record<never, never>;
  /** Nothing before this time, unless a node's view changes. */
  wake: { readonly atMs: number };
}

export type ActionKind = keyof ActionMap;
export type ActionOf<Kind extends ActionKind> = { readonly kind: Kind } & ActionMap[Kind];
export type Action = { [Kind in ActionKind]: ActionOf<Kind> }[ActionKind];
