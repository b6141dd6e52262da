/** What the operator set by hand: applied before selection, shown with its source, checked like any other value. */
import type { FabricOverride, FabricPolicy, Refusal } from '../model.ts';
import { overlayReason } from './control.ts';
import { usableGids } from './gid.ts';
import { portFault } from './port-rules.ts';
import { hcaTable } from './tables.ts';
import { interfaceOf, type NodeView, type PortView } from './view.ts';

export interface Overrides {
  readonly controlInterface: Sourced<string> | null;
  readonly hcas: Sourced<readonly string[]> | null;
  readonly gidIndex: Sourced<number> | null;
}

export interface Sourced<T> {
  readonly value: T;
  /** `set by the operator for this node` */
  readonly source: string;
}

/** Merges the override for all nodes with the node's own, field by field; the node's own wins. */
export function overridesOf(policy: FabricPolicy, node: string): Overrides {
  const pick = <T>(field: (override: FabricOverride) => T | undefined): Sourced<T> | null => {
    const [own, all] = [policy.overrides[node], policy.override].map((override) =>
      override === undefined ? undefined : field(override),
    );
    if (own !== undefined) return { value: own, source: 'set by the operator for this node' };
    return all === undefined ? null : { value: all, source: 'set by the operator for every node' };
  };
  return {
    controlInterface: pick((override) => override.controlInterface),
    hcas: pick((override) => override.hcas),
    gidIndex: pick((override) => override.gidIndex),
  };
}

/** Ports that an override names (`mlx5_1` = every port of it, `mlx5_1:2` = that one). */
export function namedPorts(view: NodeView, names: readonly string[]): PortView[] {
  return view.ports.filter((port) => names.includes(port.device) || names.includes(port.key));
}

/** What is wrong with a node's overrides; empty when they stand. `chosen` are the ports that the GID index is for. */
export function overrideFaults(view: NodeView, overrides: Overrides, chosen: readonly PortView[]): Refusal[] {
  return [
    ...controlFaults(view, overrides),
    ...hcaFaults(view, overrides),
    ...gidFaults(view, overrides, chosen),
  ];
}

function controlFaults(view: NodeView, { controlInterface }: Overrides): Refusal[] {
  if (controlInterface === null || view.interfaces.length === 0) return [];
  const name = controlInterface.value;
  const item = interfaceOf(view, name);
  const there = view.interfaces.map((other) => other.name).join(', ');
  if (item === null) {
    return view.node.netdevs === null
      ? []
      : [
          fault(
            view,
            'wrong-interface',
            `controlInterface ${name} (${controlInterface.source}) does not exist here`,
            `take one of ${there}`,
          ),
        ];
  }
  if (item.up === false)
    return [
      fault(
        view,
        'wrong-interface',
        `controlInterface ${name} (${controlInterface.source}) is down`,
        `bring ${name} up or take one of ${there}`,
      ),
    ];
  const overlay = overlayReason(item);
  return overlay === 'loopback' && item.addresses.length === 0
    ? [
        fault(
          view,
          'loopback-used',
          `controlInterface ${name} (${controlInterface.source}) is the loopback interface`,
          `take one of ${there}`,
        ),
      ]
    : [];
}

function hcaFaults(view: NodeView, { hcas }: Overrides): Refusal[] {
  if (hcas === null || view.ports.length === 0) return [];
  return hcas.value.flatMap((name) => {
    const ports = namedPorts(view, [name]);
    if (ports.length === 0) {
      const netdev = view.ports.find((port) => port.netdev === name);
      const hint =
        netdev === undefined
          ? 'take a device of the table'
          : `${name} is an interface; its device is ${netdev.device}`;
      return [
        {
          ...fault(view, 'hca-name-mismatch', `HCA ${name} (${hcas.source}) does not exist here`, hint),
          table: hcaTable(view),
        },
      ];
    }
    return ports.flatMap((port) => {
      const because = portFault(view, port);
      return because === null
        ? []
        : [
            {
              ...fault(
                view,
                'port-down',
                `HCA ${port.key} (${hcas.source}): ${because}`,
                'take a usable device of the table',
              ),
              table: hcaTable(view),
            },
          ];
    });
  });
}

function gidFaults(view: NodeView, { gidIndex }: Overrides, chosen: readonly PortView[]): Refusal[] {
  if (gidIndex === null) return [];
  return chosen.flatMap((port) => {
    if ((port.facts?.gids ?? null) === null || port.layer === 'ib') return [];
    const usable = usableGids(view, port).map((row) => row.index);
    return usable.includes(gidIndex.value)
      ? []
      : [
          fault(
            view,
            'wrong-gid',
            `GID index ${gidIndex.value} (${gidIndex.source}) is no usable RoCE v2 row of ${port.key}`,
            `usable rows: ${usable.join(', ') || 'none'}`,
          ),
        ];
  });
}

function fault(view: NodeView, category: string, because: string, fix: string): Refusal {
  return { node: view.node.name, category, because, fix };
}
