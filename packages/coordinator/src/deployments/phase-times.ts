/** Keeps how long each phase of a start took, once its gang serves: the next start like it is measured against that. */
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { NodeHub } from '../nodes/hub.ts';
import { lookAtGang } from '../reconcile/gang.ts';
import { etaOf, startSubject } from './eta.ts';
import type { Executors } from './executor.ts';
import type { DeploymentStore, StoredDeployment } from './store.ts';

/** The executors, of which `serve` also keeps the times. */
export const keepingTimes = (
  executors: Executors,
  {
    store,
    hub,
  }: { readonly store: Pick<DeploymentStore, 'keepPhaseTimes'>; readonly hub: Pick<NodeHub, 'nodes'> },
): Executors => ({
  ...executors,
  async serve(scene, action) {
    await executors.serve(scene, action);
    const { deployment, attempt } = scene;
    if (attempt === null) return;
    const nodes = new Map(hub.nodes().map((node) => [node.id, node]));
    const gang = lookAtGang(deployment.name, attempt, nodes);
    await store.keepPhaseTimes(
      startSubject(attempt.plan, deployment.spec.model?.path ?? ''),
      Object.fromEntries(gang.map(({ record, report }) => [record.rank, { ...report?.phaseSeconds }])),
    );
  },
});

/** The detail, with an estimate where one can be made. `nowMs` is steady. */
export async function withEta(
  detail: DeploymentDetail,
  { deployment, attempt }: StoredDeployment,
  store: Pick<DeploymentStore, 'phaseTimes'>,
  nowMs: number,
): Promise<DeploymentDetail> {
  if (attempt === null || attempt.commitAtMs === null || detail.state !== 'starting') return detail;
  const last = await store.phaseTimes(startSubject(attempt.plan, deployment.spec.model?.path ?? ''));
  const eta = etaOf(detail, last, (nowMs - attempt.commitAtMs) / 1000);
  return eta === null ? detail : { ...detail, eta };
}
