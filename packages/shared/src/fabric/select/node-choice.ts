/** What one node can bring to the gang, for each transport: its usable ports and why the others are out. */
import type { Reason } from '../model.ts';
import { computeFabric } from './class-rules.ts';
import type { Control } from './control.ts';
import { namedPorts, type Overrides } from './overrides.ts';
import { portFault } from './port-rules.ts';
import type { NodeView, PortView } from './view.ts';

export type Layer = 'ib' | 'eth';

export interface NodeChoice {
  readonly ports: readonly PortView[];
  readonly reasons: readonly Reason[];
}

/** Chooses a node's ports of one link layer; `reasons` holds one entry for every port of the node. */
export function chooseNode(
  view: NodeView,
  layer: Layer,
  control: Control | null,
  overrides: Overrides,
): NodeChoice {
  if (overrides.hcas !== null) return overridden(view, overrides.hcas.value, overrides.hcas.source);
  const faults = new Map(view.ports.map((port) => [port.key, portFault(view, port)]));
  const usable = view.ports.filter((port) => faults.get(port.key) === null);
  const fitting = usable.filter((port) => fits(view, port, layer));
  const { kept, dropped } = computeFabric(view, fitting, control);
  const [taken, left] = [new Set(kept), new Map(dropped.map(({ port, because }) => [port, because]))];
  const reasons = view.ports.map((port): Reason => {
    if (taken.has(port)) return { subject: port.key, decision: 'in', because: inBecause(port) };
    const other =
      layer === 'ib'
        ? 'it is Ethernet and the fabric is InfiniBand'
        : 'it is InfiniBand and the fabric is Ethernet';
    return {
      subject: port.key,
      decision: port.facts === null && faults.get(port.key) !== null ? 'unknown' : 'out',
      because: faults.get(port.key) ?? left.get(port) ?? other,
    };
  });
  return { ports: kept, reasons };
}

/** A port whose link layer no text shows counts for the one that its node shows nowhere else. */
function fits(view: NodeView, port: PortView, layer: Layer): boolean {
  if (port.layer !== null) return port.layer === layer;
  const known = new Set(view.ports.map((other) => other.layer));
  return layer === 'eth' || (!known.has('eth') && !known.has('ib'));
}

function overridden(view: NodeView, names: readonly string[], source: string): NodeChoice {
  const ports = view.ports.length === 0 ? unseenPorts(view, names) : namedPorts(view, names);
  const others = view.ports.filter((port) => !ports.includes(port));
  return {
    ports,
    reasons: [
      ...ports.map((port): Reason => ({ subject: port.key, decision: 'in', because: source })),
      ...others.map(
        (port): Reason => ({ subject: port.key, decision: 'out', because: `not in the list ${source}` }),
      ),
    ],
  };
}

/** Nothing was seen of this node's HCAs, so the operator's word is all there is. */
function unseenPorts(_view: NodeView, names: readonly string[]): PortView[] {
  return names.map((name) => {
    const [device = name, port = '1'] = name.split(':');
    const family = {
      family: 'verbs',
      names: /./,
      drivers: [],
      reach: 'verbs' as const,
      sharesControl: false,
      software: false,
      note: 'named by the operator',
    };
    return {
      key: `${device}:${port}`,
      device,
      port: Number(port),
      family,
      hca: null,
      facts: null,
      layer: null,
      netdev: null,
      nearGpus: [],
    };
  });
}

function inBecause(port: PortView): string {
  const facts = [
    port.facts?.state === 'active' ? 'active' : null,
    port.layer === 'ib' ? 'InfiniBand' : port.layer === 'eth' ? 'Ethernet' : null,
    port.facts?.rateGbps === null || port.facts === null ? null : `${port.facts.rateGbps} Gb/s`,
    port.nearGpus.length > 0 ? `near GPU ${port.nearGpus.join(', ')}` : null,
    port.netdev === null ? null : `interface ${port.netdev}`,
  ].filter((fact) => fact !== null);
  if (port.family.software) return [...facts, port.family.note].join(', ');
  if (facts.length > 0) return facts.join(', ');
  return port.hca === null
    ? 'the topology table has it, and nothing more is known of it'
    : 'nothing speaks against it';
}
