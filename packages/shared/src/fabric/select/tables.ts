/** Tables that a refusal shows, so that both sides can be compared by eye. Header first. */
import { gidAddress } from './address.ts';
import type { NodeView } from './view.ts';

/** Every HCA port of the nodes with what decides about it. */
export function hcaTable(...views: readonly NodeView[]): string[][] {
  const head = ['node', 'device', 'port', 'link', 'state', 'Gb/s', 'interface'];
  const rows = views.flatMap((view) =>
    view.ports.map(({ device, port, layer, facts }) => [
      view.node.name,
      device,
      String(port),
      layer ?? '?',
      facts?.state ?? '?',
      String(facts?.rateGbps ?? '?'),
      facts?.netdev ?? '-',
    ]),
  );
  return [head, ...rows];
}

/** The GID rows of the given ports (`mlx5_1:1`) of the nodes. */
export function gidTable(ports: readonly { readonly view: NodeView; readonly key: string }[]): string[][] {
  const rows = ports.flatMap(({ view, key }) =>
    (view.ports.find((port) => port.key === key)?.facts?.gids ?? []).map((row) => [
      view.node.name,
      key,
      String(row.index),
      gidAddress(row) ?? row.gid,
      row.version === null ? '?' : `v${row.version}`,
      row.netdev ?? '-',
    ]),
  );
  return [['node', 'port', 'index', 'address', 'version', 'interface'], ...rows];
}
