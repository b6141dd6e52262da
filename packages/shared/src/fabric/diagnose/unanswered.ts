/** Pairs of HCAs of which one gets no answer from the other: the fabric, the rails, the GIDs, or the path between. */
import type { NcclError } from '../nccl-log/model.ts';
import { parseAddress, sameSubnet } from '../select/address.ts';
import type { FabricCategory } from './categories.ts';
import { type Finding, finding } from './finding.ts';
import type { DiagnoseInput } from './model.ts';
import { hasOneRail } from './rails-of-gang.ts';
import { evidenceOf, type Said } from './said.ts';

/** Completion status 12 says only that no answer came. Which layer lost it depends on the kind of fabric. */
export function completionFindings(said: readonly Said[], input: DiagnoseInput): Finding[] {
  const items = said.filter(({ error }) => error.category === 'retry-exceeded');
  if (items.length === 0) return [];
  const evidence = evidenceOf(items);
  const overIb =
    items.some(({ from }) => from.report.transport === 'ib') || input.selection?.transport === 'ib';
  if (overIb)
    return [
      finding('fabric-partition', 'high', evidence, {
        cause:
          'an InfiniBand port gets no answer from its peer: native IB needs no GID and no route, so the two ports are not on one fabric, or their P_Keys differ',
      }),
      finding('retry-exceeded', 'low', evidence),
    ];
  const apart = items.find(({ error }) => differ(error))?.error;
  return [
    finding('retry-exceeded', 'high', evidence),
    apart !== undefined && hasOneRail(input)
      ? finding('firewall-or-route', 'medium', evidence, pathCause(apart, input))
      : finding(apart ? 'rail-isolated' : 'wrong-gid', apart ? 'medium' : 'low', evidence),
  ];
}

/** A pair that cannot be set up (RTR times out resolving the peer): of two rails as well, where the GIDs do not tell. */
export function unansweredPairs(said: readonly Said[], input: DiagnoseInput): Finding[] {
  if (hasOneRail(input)) return [];
  const items = said.filter(
    ({ error: { category, line, localGid, remoteGid } }) =>
      category === 'firewall-or-route' &&
      line.includes('ibv_modify_qp') &&
      [localGid, remoteGid].some((gid) => gid === null || parseAddress(gid) === null),
  );
  return items.length === 0 ? [] : [finding('rail-isolated', 'low', evidenceOf(items))];
}

type Pair = Pick<NcclError, 'line' | 'localGid' | 'remoteGid'>;

/** Better words for a pair that could not be set up, of NCCL or another library of verbs; null for other lines. */
export function pairCause(
  category: FabricCategory,
  error: Pair,
  input: DiagnoseInput,
): { cause: string; fix: string } | null {
  if (!/modify[ _]qp/i.test(error.line)) return null;
  if (category === 'firewall-or-route') return pathCause(error, input);
  return category === 'rail-isolated' && !differ(error) ? OPEN_CAUSE : null;
}

/** RTR waits for the peer's address to be resolved; no rails are crossed. */
function pathCause(error: Pair, input: DiagnoseInput): { cause: string; fix: string } {
  if (/unreachable|No route to host|errno 101\b|errno 113\b/.test(error.line))
    return {
      cause:
        'the host has no route over the HCA’s interface to the peer’s RDMA address: the two ports are in different subnets',
      fix: ROUTE_FIX,
    };
  const known = hasOneRail(input) ? ' (the hosts have one HCA each, so no rails are crossed)' : '';
  return {
    cause: differ(error)
      ? subnetsApart(error)
      : `no answer from the peer’s RDMA address${known}: another VLAN or subnet without a route, cable or switch port, an address that is gone, or a GID row that is not of this network`,
    fix: ROUTE_FIX,
  };
}

const ROUTE_FIX =
  'from each host `ping -I INTERFACE_OF_THE_HCA` the other’s RDMA address: both need one subnet and VLAN, or a route over that interface; then `show_gids` on both for the v2 row with this address, and ib_write_bw for the pair';

/** The same where hosts may have several HCAs, and no GIDs are shown that tell their rails. */
const OPEN_CAUSE = {
  cause:
    'no answer from the peer’s RDMA address: HCAs of different rails that no path joins, another VLAN or subnet, or a GID row that is not of this network',
  fix: `rails that are kept apart: NCCL_CROSS_NIC=0 and NCCL_NET_DISABLE_INTRA=1; else ${ROUTE_FIX}`,
};

/** GIDs of two rails, or a channel from one to the other; a bare timeout has other causes too. */
export function showsRails({ error }: Said): boolean {
  return differ(error) || error.line.includes(' via NET/');
}

function subnetsApart({ localGid, remoteGid }: Pair): string {
  return `the HCAs of the two hosts (one each) look like ports of different subnets: ${localGid} and ${remoteGid}; then they need a route`;
}

/** IPv4 addresses of different rails; the usual /24 of a rail is the best guess. */
function differ({ localGid, remoteGid }: Pair): boolean {
  const [local, remote] = [localGid ?? '', remoteGid ?? ''];
  const readable = [local, remote].every((gid) => parseAddress(gid)?.family === 4);
  return readable && !sameSubnet(local, remote, 24);
}
