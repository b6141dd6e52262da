/** A finished draft as the answer for one node: devices, environment, and the reason of everything. */
import type { ChosenHca, FabricPolicy, NodeFabric, Reason, Transport } from '../model.ts';
import type { Draft } from './draft.ts';
import { fabricEnv } from './env.ts';
import type { GidPolicy } from './gid-policy.ts';
import type { Pairing } from './rails.ts';
import { interfaceOf } from './view.ts';

/** What holds for the whole gang. */
export interface GangContext {
  readonly transport: Transport | null;
  readonly policy: FabricPolicy;
  readonly pairing: Pairing;
  readonly isolatedRails: boolean;
  /** Every node has the same number of ports. */
  readonly evenRails: boolean;
}

export function nodeFabric(item: Draft, gid: GidPolicy, context: GangContext): NodeFabric {
  const { transport, policy, pairing, isolatedRails, evenRails } = context;
  const hcas = chosenHcas(item, pairing);
  const set = fabricEnv({
    transport,
    ncclVersion: policy.ncclVersion,
    gpuRanks: policy.gpuRanks,
    netPlugin: policy.netPlugin ?? null,
    controlInterface: item.control?.name ?? null,
    controlSource: item.control?.because ?? '',
    hcas,
    gids: item.gids,
    gidEnv: gid.gidEnv,
    gidReason: gid.because,
    isolatedRails,
    evenRails,
  });
  const gidEnvReason: Reason = {
    subject: 'NCCL_IB_GID_INDEX',
    decision: gid.warnings.length > 0 ? 'unknown' : 'chosen',
    because: gid.because,
  };
  return {
    node: item.member.view.node.name,
    controlInterface: item.control?.name ?? null,
    address: item.control?.address ?? null,
    hcas,
    gidEnv: gid.gidEnv,
    ...set,
    reasons: [
      ...controlReasons(item),
      ...item.reasons,
      ...gidReasons(item),
      ...(hcas.length === 0 ? [] : [gidEnvReason]),
    ],
  };
}

function chosenHcas(item: Draft, pairing: Pairing): ChosenHca[] {
  const name = item.member.view.node.name;
  const rails = new Map(pairing.rails.map((rail) => [rail.members[name], rail.index]));
  return item.ports.map((port, i) => ({
    device: port.device,
    port: port.port,
    netdev: port.netdev,
    gidIndex: item.gids[i]?.index ?? null,
    address:
      item.gids[i]?.address ?? interfaceOf(item.member.view, port.netdev)?.addresses[0]?.address ?? null,
    rateGbps: port.facts?.rateGbps ?? null,
    rail: rails.get(port.key) ?? null,
    nearGpus: port.nearGpus,
  }));
}

function controlReasons({ control, member }: Draft): Reason[] {
  if (control === null)
    return [
      {
        subject: 'control interface',
        decision: 'unknown',
        because:
          member.view.interfaces.length === 0
            ? 'no interface was seen'
            : 'no interface is up with an address',
      },
    ];
  return [{ subject: control.name, decision: 'chosen', because: `control interface: ${control.because}` }];
}

function gidReasons({ ports, gids }: Draft): Reason[] {
  return ports.flatMap((port, i) => {
    const gid = gids[i];
    return gid === undefined || gid.index === null
      ? []
      : [{ subject: `${port.key} GID`, decision: 'chosen' as const, because: gid.because }];
  });
}
