/** The one transport that every rank of the gang will use, or why there is none. */
import type { FabricPolicy, Reason, Refusal, Transport } from '../model.ts';
import type { Control } from './control.ts';
import { chooseNode, type Layer, type NodeChoice } from './node-choice.ts';
import type { Overrides } from './overrides.ts';
import { isFrontEnd } from './port-rules.ts';
import { hcaTable } from './tables.ts';
import { verbsTroubleOf } from './verbs-library.ts';
import type { NodeView } from './view.ts';

export interface GangNode {
  readonly view: NodeView;
  readonly overrides: Overrides;
  readonly known: Control | null;
}

export interface TransportChoice {
  /** null = nothing was seen that decides it, or the gang is refused. */
  readonly transport: Transport | null;
  /** One entry a node, in the gang's order. */
  readonly choices: readonly NodeChoice[];
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
  /** Too little was shown of some hosts' RDMA devices, so whether the gang shares a transport is not known. */
  readonly open?: true;
}

/** Chooses the gang's transport: what the plan demands, else the RDMA that all nodes have; sockets never in silence. */
export function chooseTransport(gang: readonly GangNode[], policy: FabricPolicy): TransportChoice {
  if (!policy.gpuRanks) return sockets(gang, 'ranks without GPUs talk Gloo only', []);
  if (policy.transport === 'tcp') return sockets(gang, 'TCP was asked for', []);
  const layers = (['ib', 'eth'] as const).map((layer) => layerOption(gang, layer));
  const common = layers.filter((option) => option.choices.every((choice) => choice.ports.length > 0));
  const best = common.sort((a, b) => b.covered - a.covered || b.seen - a.seen)[0];
  if (best !== undefined)
    return { transport: transportOf(best), choices: best.choices, warnings: [], refusals: [] };
  const plugin = (['efa', 'cxi'] as const).find((reach) =>
    gang.every(({ view }) => view.ports.some((port) => port.family.reach === reach)),
  );
  if (plugin !== undefined) return viaPlugin(gang, plugin);
  return without(gang, layers, policy);
}

interface LayerOption {
  readonly layer: Layer;
  readonly choices: readonly NodeChoice[];
  /** Ports that count, capped at the node's GPUs, so that a spare class of NICs does not win by number. */
  readonly covered: number;
  /** Ports whose link layer was seen, not assumed. */
  readonly seen: number;
}

function layerOption(gang: readonly GangNode[], layer: Layer): LayerOption {
  const choices = gang.map(({ view, known, overrides }) => chooseNode(view, layer, known, overrides));
  const covered = choices.map((choice, i) =>
    Math.min(choice.ports.length, gang[i]?.view.node.gpuCount ?? choice.ports.length),
  );
  const seen = choices.flatMap((choice) => choice.ports).filter((port) => port.layer === layer);
  return { layer, choices, covered: sum(covered), seen: seen.length };
}

function transportOf({ layer, seen }: LayerOption): Transport | null {
  return seen === 0 ? null : layer === 'ib' ? 'ib' : 'roce';
}

function sockets(gang: readonly GangNode[], because: string, warnings: readonly string[]): TransportChoice {
  return {
    transport: 'tcp',
    choices: gang.map(({ view }) => ({ ports: [], reasons: allOut(view, because) })),
    warnings,
    refusals: [],
  };
}

function viaPlugin(gang: readonly GangNode[], reach: 'efa' | 'cxi'): TransportChoice {
  const choices = gang.map(({ view }) => ({
    ports: [],
    reasons: view.ports.map(
      (port): Reason =>
        port.family.reach === reach
          ? {
              subject: port.key,
              decision: 'in',
              because: `${port.family.note}; it takes no HCA list and no GID index`,
            }
          : { subject: port.key, decision: 'out', because: `the gang's fabric is ${reach}` },
    ),
  }));
  return { transport: reach, choices, warnings: [], refusals: [] };
}

/** No RDMA that all nodes share: sockets if nobody has any and the plan allows it, else a refusal with all tables. */
function without(
  gang: readonly GangNode[],
  layers: readonly LayerOption[],
  policy: FabricPolicy,
): TransportChoice {
  const choices = gang.map(
    (_, i) =>
      layers
        .map((option) => option.choices[i])
        .sort((a, b) => (b?.ports.length ?? 0) - (a?.ports.length ?? 0))[0] ?? { ports: [], reasons: [] },
  );
  const nobody = choices.every((choice) => choice.ports.length === 0);
  const blind = gang.every(({ view }) => view.node.hcas === null && view.node.gpuTopology === null);
  const open = gang.some(({ view }) => view.ports.some(({ hca, facts }) => hca !== null && facts === null));
  if (nobody && (blind || open) && policy.transport !== 'rdma')
    return { transport: null, choices, warnings: [], refusals: [], ...(open ? { open } : {}) };
  const dark = gang.some(({ view }) => view.ports.some((port) => !isFrontEnd(view, port)));
  if (nobody && !dark && policy.transport === 'auto')
    return sockets(gang, 'no node has an HCA of a fabric', [
      'no node has an HCA of a fabric: the gang talks TCP',
    ]);
  const bare = gang.filter((_, i) => choices[i]?.ports.length === 0).map(({ view }) => view.node);
  if (!nobody && bare.length > 0 && bare.every(({ hcasNotShown }) => hcasNotShown))
    return {
      transport: null,
      choices,
      warnings: bare.map(
        ({ name }) => `${name}: no text lists its RDMA devices: paste ibdev2netdev and show_gids of it`,
      ),
      refusals: [],
      open: true,
    };
  const table = hcaTable(...gang.map(({ view }) => view));
  const lacking = bare.map(({ name }) => name);
  const troubles = bare.flatMap((node) => verbsTroubleOf(node) ?? []);
  const [trouble] = troubles;
  const refusal: Refusal = {
    node: lacking.length === 1 ? (lacking[0] ?? null) : null,
    category:
      trouble?.category ??
      (nobody ? absence(gang) : lacking.length > 0 ? 'hca-count-mismatch' : 'mixed-link-layers'),
    because:
      lacking.length > 0
        ? [
            `no usable HCA on ${lacking.join(', ')}${nobody ? '' : ', while other nodes have some'}`,
            ...troubles.map(({ because }) => because),
          ].join('; ')
        : 'the nodes have no link layer in common: some are InfiniBand, some Ethernet',
    fix:
      trouble?.fix ??
      'repair the HCAs that the reasons name, leave the node out, or choose transport tcp openly',
    table,
  };
  return {
    transport: null,
    choices: gang.map((_, i) => choices[i] ?? { ports: [], reasons: [] }),
    warnings: [],
    refusals: [refusal],
  };
}

/** What most likely keeps RDMA from a gang in which nobody can use it. */
function absence(gang: readonly GangNode[]): string {
  const ports = gang.flatMap(({ view }) => view.ports);
  if (ports.length === 0) return 'no-rdma-device-in-container';
  if (ports.some(({ hca }) => hca?.uverbs?.openable === false)) return 'device-open-failed';
  if (ports.every(({ facts }) => facts?.netdev === null && facts.netdevUp === false))
    return 'no-rdma-device-in-container';
  return ports.every(({ facts }) => facts?.state === 'active') ? 'wrong-gid' : 'port-down';
}

function allOut(view: NodeView, because: string): Reason[] {
  return view.ports.map((port) => ({ subject: port.key, decision: 'out', because }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
