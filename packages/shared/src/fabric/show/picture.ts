/** Nodes × rails of a gang as data: what is in each place, and why the rest is out. */
import { type Static, Type } from 'typebox';
import { PortState } from '../../facts/hca.ts';
import { Nullable } from '../../facts/nullable.ts';
import type { ChosenHca, FabricNode, FabricSelection, NodeFabric } from '../model.ts';

export const PictureCell = Type.Object({
  /** `mlx5_1:1`. */
  device: Type.String(),
  netdev: Nullable(Type.String()),
  address: Nullable(Type.String()),
  gidIndex: Nullable(Type.Integer()),
  rateGbps: Nullable(Type.Number()),
  state: Nullable(PortState),
});
export type PictureCell = Static<typeof PictureCell>;

export const PictureNode = Type.Object({
  name: Type.String(),
  control: Type.Object({ netdev: Nullable(Type.String()), address: Nullable(Type.String()) }),
  /** By rail; null where the node has no port on it. */
  cells: Type.Array(Nullable(PictureCell)),
  out: Type.Array(Type.Object({ device: Type.String(), because: Type.String() })),
});
export type PictureNode = Static<typeof PictureNode>;

export const FabricPicture = Type.Object({
  transport: Nullable(Type.String()),
  /** What the members of each rail have in common. */
  rails: Type.Array(Type.String()),
  nodes: Type.Array(PictureNode),
  remarks: Type.Array(Type.String()),
});
export type FabricPicture = Static<typeof FabricPicture>;

/** `views` are in the order of the selection's nodes. */
export function pictureOf(selection: FabricSelection, views: readonly FabricNode[]): FabricPicture {
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
