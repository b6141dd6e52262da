/** Nodes × rails of a gang as data: what is in each place, and why the rest is out. */
import type { HcaPort } from '../../facts/hca.ts';
import type { ChosenHca, FabricNode, NodeFabric } from '../model.ts';
import { selectFabric } from '../select/select.ts';

export interface PictureCell {
  /** `mlx5_1:1`. */
  readonly device: string;
  readonly netdev: string | null;
  readonly address: string | null;
  readonly gidIndex: number | null;
  readonly rateGbps: number | null;
  readonly state: HcaPort['state'];
}

export interface PictureNode {
  readonly name: string;
  readonly control: { readonly netdev: string | null; readonly address: string | null };
  /** By rail; null where the node has no port on it. */
  readonly cells: readonly (PictureCell | null)[];
  readonly out: readonly { readonly device: string; readonly because: string }[];
}

export interface FabricPicture {
  readonly transport: string | null;
  /** What the members of each rail have in common. */
  readonly rails: readonly string[];
  readonly nodes: readonly PictureNode[];
  readonly remarks: readonly string[];
}

export function pictureOf(views: readonly FabricNode[]): FabricPicture {
  const selection = selectFabric(views, {
    transport: 'auto',
    ncclVersion: null,
    gpuRanks: true,
    overrides: {},
  });
  const count = Math.max(
    selection.rails.length,
    ...selection.nodes.flatMap(({ hcas }) => hcas.map((hca, i) => placeOf(hca, i) + 1)),
  );
  return {
    transport: selection.transport,
    rails: Array.from({ length: count }, (_, i) => selection.rails[i]?.because ?? ''),
    nodes: selection.nodes.map((node, i) => drawn(node, views[i], count)),
    remarks: [
      ...selection.refusals.map(
        ({ node, because, fix }) => `${node === null ? '' : `${node}: `}${because}; ${fix}`,
      ),
      ...selection.warnings,
    ],
  };
}

/** A node on its own has no rails: its ports stand in their order. */
const placeOf = ({ rail }: ChosenHca, i: number): number => rail ?? i;

function drawn(node: NodeFabric, view: FabricNode | undefined, count: number): PictureNode {
  const cells = Array.from({ length: count }, (_, rail) => {
    const hca = node.hcas.find((own, i) => placeOf(own, i) === rail);
    return hca === undefined ? null : cellOf(hca, view);
  });
  const out = node.reasons
    .filter(({ decision }) => decision === 'out')
    .map(({ subject, because }) => ({ device: subject, because }));
  return { name: node.node, control: { netdev: node.controlInterface, address: node.address }, cells, out };
}

function cellOf(hca: ChosenHca, view: FabricNode | undefined): PictureCell {
  const { device, port, netdev, address, gidIndex, rateGbps } = hca;
  const facts = view?.hcas?.find((own) => own.device === device)?.ports.find((own) => own.port === port);
  return { device: `${device}:${port}`, netdev, address, gidIndex, rateGbps, state: facts?.state ?? null };
}
