/**
 * Rows that the parsers give. A key that is absent cannot be shown by the format; null means that the format could
 * show it and this text does not. Merging keeps the two apart.
 */
import type { Gpu, TopoLevel } from '../../facts/gpu.ts';
import type { GidEntry, LinkLayer, PortState } from '../../facts/hca.ts';
import type { Netdev } from '../../facts/netdev.ts';

/** One port of an RDMA device. */
export interface PortRow {
  readonly device: string;
  readonly port: number;
  readonly linkLayer?: LinkLayer | null;
  readonly state?: PortState | null;
  /** `linkup`, `disabled`, `polling`, `nop` …: lower case, no separators. */
  readonly phys?: string | null;
  readonly netdev?: string | null;
  readonly netdevUp?: boolean | null;
  readonly rateGbps?: number | null;
  readonly lid?: number | null;
  readonly smLid?: number | null;
  readonly pci?: string | null;
  readonly numaNode?: number | null;
  readonly nodeGuid?: string | null;
  readonly portGuid?: string | null;
  readonly firmware?: string | null;
  /** Of a device without hardware, told by what its entry lacks. */
  readonly driver?: string | null;
  /** From the model that the tool prints (`CA type: MT4126`). */
  readonly virtualFunction?: boolean | null;
  readonly defaultGid?: string | null;
}

/** One row of a GID table; device or port are null where the text does not name them. */
export interface GidRow extends GidEntry {
  readonly device: string | null;
  readonly port: number | null;
  readonly link?: 'up' | 'down';
}

/** A netdev as printed; `linkType` is the word after `link/`, `masked` the addresses that the poster hid. */
export interface NetdevRow extends Netdev {
  readonly linkType: string | null;
  readonly masked: readonly string[];
}

export interface DeviceRow {
  readonly device: string;
  /** null = the text was cut before it. */
  readonly nodeGuid: string | null;
}

export interface RuleRow {
  readonly priority: number;
  readonly from: string;
  readonly table: string;
}

/** `busId` is the literal text (`00000000:18:00.0`), `pci` the normalised one. */
export interface GpuRow extends Gpu {
  readonly busId: string | null;
}

export interface PciRow {
  readonly bus: string;
  readonly text: string;
}

export interface PciNumaRow {
  readonly bus: string;
  readonly device: string | null;
  readonly numaNode: number;
}

/** One setting of an environment variable; `inForce` is false where the line is commented out. */
export interface EnvRow {
  readonly name: string;
  readonly value: string;
  readonly inForce: boolean;
}

export interface TopoMatrix {
  readonly gpuCount: number | null;
  readonly nicCount: number | null;
  /** `NIC0` → RDMA device, from the legend; null when the text has none. */
  readonly nics: Readonly<Record<string, string>> | null;
  /** [row, column, level]; levels of GPU pairs may be `NV18`. */
  readonly cells: readonly (readonly [string, string, string])[];
  /** Best level of each GPU and every NIC at it. */
  readonly nearest: Readonly<Record<string, { readonly level: TopoLevel; readonly nics: readonly string[] }>>;
}

/** `InfiniBand`, `Ethernet`; null for any other word. */
export function linkLayerOf(text: string): LinkLayer | null {
  const word = text.trim().toLowerCase();
  return word === 'infiniband' ? 'ib' : word === 'ethernet' ? 'eth' : null;
}

/** `PORT_ACTIVE (4)`, `4: ACTIVE`, `Active`, `ACTIVE_DEFER` → `active`; null for a state that facts do not have. */
export function portState(text: string): PortState | null {
  const word = /(?:PORT_)?(ACTIVE|DOWN|INIT|ARMED)/i.exec(text.slice(0, 80))?.[1]?.toLowerCase();
  return word === 'active' || word === 'down' || word === 'init' || word === 'armed' ? word : null;
}

/** `5: LinkUp`, `LINK_UP`, `LinkUp` → `linkup`. */
export function physState(text: string): string | null {
  const word = /(?:\d+:\s*)?([A-Za-z_]+)/.exec(text.slice(0, 80))?.[1];
  return word === undefined ? null : word.replace(/_/g, '').toLowerCase();
}

/** First number of `400 Gb/sec (4X NDR)`; null when there is none. */
export function rateGbps(text: string): number | null {
  const number = /(\d+(?:\.\d+)?)/.exec(text.slice(0, 80))?.[1];
  return number === undefined ? null : Number(number);
}

/** `0x33bf` or `13247`. */
export function lidNumber(text: string): number | null {
  const token = /(0x[0-9a-f]+|\d+)/i.exec(text.slice(0, 80))?.[1];
  return token === undefined ? null : Number(token);
}

/**
 * `MT4116`: Mellanox numbers a chip's virtual function one above the chip (PCI ids 0x1002 to 0x1025 of mlx4_core and
 * mlx5_core: the even ones are virtual). null for other makers' models.
 */
export function isVirtualModel(model: string): boolean | null {
  const number = /^MT(4\d{3})$/i.exec(model.trim())?.[1];
  return number === undefined || Number(number) < MIN_MODEL || Number(number) > MAX_MODEL
    ? null
    : Number(number) % 2 === 0;
}

const MIN_MODEL = 0x1002;
const MAX_MODEL = 0x1025;
