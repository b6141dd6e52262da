/**
 * Network devices of one node, as the kernel names them in the agent's namespace.
 *
 * The same types hold live facts (agent probes) and facts read from pasted dumps (fabric/parse), where much is
 * unknown: a field that the evidence does not decide is `null`, never a guess.
 */
import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

export const NetdevAddress = Type.Object({
  family: Type.Union([Type.Literal(4), Type.Literal(6)]),
  /** Textual address without prefix and without zone. */
  address: Type.String(),
  /** `null` when the text gave none (`inet 10.0.0.1` without a mask). */
  prefixLength: Nullable(Type.Integer({ minimum: 0, maximum: 128 })),
  scope: Nullable(
    Type.Union([Type.Literal('global'), Type.Literal('link'), Type.Literal('host'), Type.Literal('site')]),
  ),
});
export type NetdevAddress = Static<typeof NetdevAddress>;

/** What the device is to the fabric; `unknown` when only a name is known. */
export const NetdevKind = Type.Union([
  Type.Literal('ether'),
  Type.Literal('infiniband'),
  Type.Literal('loopback'),
  Type.Literal('bond'),
  Type.Literal('vlan'),
  Type.Literal('bridge'),
  Type.Literal('veth'),
  Type.Literal('macvlan'),
  Type.Literal('ipvlan'),
  Type.Literal('tunnel'),
  Type.Literal('dummy'),
  Type.Literal('unknown'),
]);
export type NetdevKind = Static<typeof NetdevKind>;

export const Netdev = Type.Object({
  /** Name without `@parent`. */
  name: Type.String(),
  kind: NetdevKind,
  ifindex: Nullable(Type.Integer()),
  /** Administrative UP and carrier (LOWER_UP / RUNNING). */
  up: Nullable(Type.Boolean()),
  mtu: Nullable(Type.Integer()),
  mac: Nullable(Type.String()),
  speedMbps: Nullable(Type.Number()),
  /** Bond or bridge that enslaves this device. */
  master: Nullable(Type.String()),
  /** Lower device of a VLAN, macvlan or veth (`name@parent`). */
  parent: Nullable(Type.String()),
  /** Members when this is a bond. */
  slaves: Type.Array(Type.String()),
  altnames: Type.Array(Type.String()),
  driver: Nullable(Type.String()),
  /** PCI function, `0000:18:00.0` form; null for virtual devices. */
  pci: Nullable(Type.String()),
  numaNode: Nullable(Type.Integer()),
  addresses: Type.Array(NetdevAddress),
});
export type Netdev = Static<typeof Netdev>;

export const Route = Type.Object({
  family: Type.Union([Type.Literal(4), Type.Literal(6)]),
  /** CIDR or `default`. */
  destination: Type.String(),
  gateway: Nullable(Type.String()),
  device: Type.String(),
  source: Nullable(Type.String()),
  metric: Nullable(Type.Integer()),
});
export type Route = Static<typeof Route>;
