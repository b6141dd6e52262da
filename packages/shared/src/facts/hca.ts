/**
 * RDMA devices of one node: `/sys/class/infiniband/<device>/ports/<port>/{state,phys_state,link_layer,rate,gids,gid_attrs}`.
 * Shared by live facts and by facts read from dumps (see netdev.ts on `null`).
 */
import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

export const GidEntry = Type.Object({
  /** Row of the port's GID table, the number that NCCL_IB_GID_INDEX means. */
  index: Type.Integer({ minimum: 0 }),
  /** As printed by the source. */
  gid: Type.String(),
  /** RoCE version; null on InfiniBand and where the source does not say. */
  version: Nullable(Type.Union([Type.Literal(1), Type.Literal(2)])),
  /** Address of an IPv4-mapped GID. */
  ipv4: Nullable(Type.String()),
  /** Netdev that owns the row, in this namespace. */
  netdev: Nullable(Type.String()),
});
export type GidEntry = Static<typeof GidEntry>;

export const PortState = Type.Union([
  Type.Literal('active'),
  Type.Literal('down'),
  Type.Literal('init'),
  Type.Literal('armed'),
]);
export type PortState = Static<typeof PortState>;

export const LinkLayer = Type.Union([Type.Literal('ib'), Type.Literal('eth')]);
export type LinkLayer = Static<typeof LinkLayer>;

export const HcaPort = Type.Object({
  /** No device has more than 255; a number of more than three digits is no port. */
  port: Type.Integer({ minimum: 1, maximum: 999 }),
  state: Nullable(PortState),
  phys: Nullable(Type.String()),
  linkLayer: Nullable(LinkLayer),
  rateGbps: Nullable(Type.Number()),
  /** Netdev in this namespace; null when there is none or it is not known. */
  netdev: Nullable(Type.String()),
  netdevUp: Nullable(Type.Boolean()),
  lid: Nullable(Type.Integer()),
  /** LID of the subnet manager; 0 = none answered (native IB only). */
  smLid: Nullable(Type.Integer()),
  /** null = the table was not seen; [] = it was seen and is empty. */
  gids: Nullable(Type.Array(GidEntry)),
});
export type HcaPort = Static<typeof HcaPort>;

export const Hca = Type.Object({
  /** Verbs name (`mlx5_1`, `bnxt_re0`), the only name that NCCL_IB_HCA is compared with. */
  device: Type.String(),
  pci: Nullable(Type.String()),
  numaNode: Nullable(Type.Integer()),
  driver: Nullable(Type.String()),
  nodeGuid: Nullable(Type.String()),
  firmware: Nullable(Type.String()),
  /** SR-IOV virtual function; `physicalFunction` is the PF's PCI function. */
  virtualFunction: Nullable(Type.Boolean()),
  physicalFunction: Nullable(Type.String()),
  /** `/dev/infiniband/uverbsN` and whether it can be opened here; null = not checked. */
  uverbs: Nullable(
    Type.Object({ path: Nullable(Type.String()), openable: Type.Boolean(), reason: Nullable(Type.String()) }),
  ),
  ports: Type.Array(HcaPort),
});
export type Hca = Static<typeof Hca>;
