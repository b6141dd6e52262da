/** Would the gang's network be planned as it was? */
import { type CheckEnd, pathName } from '@dsr1/shared/fabric/check/model';
import type { LaunchPlan, PlanResult } from '@dsr1/shared/plan/model';

/** What of the planned network the nodes' present facts no longer give, a line each; empty = all is as planned. */
export function networkDifference(planned: LaunchPlan, again: PlanResult): readonly string[] {
  if (!again.feasible)
    return again.rejections.map(({ node, because }) => (node === null ? because : `${node}: ${because}`));
  const { transport, ends = [] } = again.plan;
  const [before, now] = [byPlace(planned.ends ?? []), byPlace(ends)];
  const places = [...new Set([...before.keys(), ...now.keys()])];
  const changed = places.flatMap((place) => {
    const [old, fresh] = [before.get(place), now.get(place)];
    return old === fresh ? [] : [`${place}: planned ${old ?? 'nothing'}, now ${fresh ?? 'nothing'}`];
  });
  return transport === planned.transport
    ? changed
    : [`transport: planned ${planned.transport}, now ${transport}`, ...changed];
}

const byPlace = (ends: readonly CheckEnd[]): ReadonlyMap<string, string> =>
  new Map(ends.map((end) => [`${end.node}, ${pathName(end.rail)}`, identityOf(end)]));

/** What a rank is told of an end; its MTU and the like may change without another plan. */
const identityOf = ({ device, port, gidIndex, netdev, address }: CheckEnd): string =>
  [
    ...(device === null ? [] : [`${device}:${port}`]),
    ...(gidIndex === null ? [] : [`GID ${gidIndex}`]),
    netdev ?? 'no interface',
    address ?? 'no address',
  ].join(' ');
