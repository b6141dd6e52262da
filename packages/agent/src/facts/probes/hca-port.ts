import { lidNumber, linkLayerOf, physState, portState, rateGbps } from '@dsr1/shared/fabric/parse/rows';
import type { GidEntry, HcaPort } from '@dsr1/shared/facts/hca';
import type { Host } from '../../host/host.ts';
import { numberIn, readLine, readNumber } from '../probe.ts';
import { readGidTable } from './gid-table.ts';

export interface PortContext {
  readonly host: Host;
  readonly device: string;
  /** Netdevs of this namespace. */
  readonly netdevs: ReadonlySet<string>;
  /** Netdevs of the same PCI function. */
  readonly deviceNetdevs: readonly string[];
}

const ATTRIBUTES = ['state', 'phys_state', 'link_layer', 'rate', 'lid', 'sm_lid'] as const;

/** One port of an RDMA device: its link, its GID table and the netdev it belongs to. */
export async function readPort(context: PortContext, port: number): Promise<HcaPort> {
  const { host, device, netdevs } = context;
  const at = `/sys/class/infiniband/${device}/ports/${port}`;
  const [values, gids] = await Promise.all([
    Promise.all(ATTRIBUTES.map((attribute) => readLine(host, `${at}/${attribute}`))),
    readGidTable(host, at, netdevs),
  ]);
  const [state, phys, layer, rate, lid, smLid] = values.map((value) => value ?? '');
  const linkLayer = linkLayerOf(layer ?? '');
  const netdev = ownerOf(gids) ?? (await netdevOfDevice(context, port, linkLayer, gids));
  const carrier = netdev === null ? null : await readNumber(host, `/sys/class/net/${netdev}/carrier`);
  const native = linkLayer === 'ib';
  return {
    port,
    state: portState(state ?? ''),
    phys: physState(phys ?? ''),
    linkLayer,
    rateGbps: rateGbps(rate ?? ''),
    netdev,
    netdevUp: netdev === null ? null : carrier === 1,
    lid: native ? lidNumber(lid ?? '') : null,
    smLid: native ? lidNumber(smLid ?? '') : null,
    // `IB/RoCE v1` is what the kernel calls the type of native InfiniBand rows.
    gids: native ? (gids?.map((row) => ({ ...row, version: null })) ?? null) : gids,
  };
}

/** Netdev of the first row: the kernel fills the table's default rows from the port's own netdev. */
const ownerOf = (gids: readonly GidEntry[] | null) =>
  gids?.find(({ netdev }) => netdev !== null)?.netdev ?? null;

/** Without an owner in the GID table: the IPoIB netdev that carries the port's GUID, or the PCI function's netdev of this port. */
async function netdevOfDevice(
  { host, netdevs, deviceNetdevs }: PortContext,
  port: number,
  linkLayer: HcaPort['linkLayer'],
  gids: readonly GidEntry[] | null,
): Promise<string | null> {
  const here = deviceNetdevs.filter((name) => netdevs.has(name));
  const guid = gids?.[0]?.gid.replaceAll(':', '').slice(-16);
  const facts = await Promise.all(
    here.map(async (name) => {
      const [mac, devPort] = await Promise.all([
        host.readText(`/sys/class/net/${name}/address`),
        host.readText(`/sys/class/net/${name}/dev_port`),
      ]);
      return { name, guid: mac?.trim().replaceAll(':', '').slice(-16), devPort: numberIn(devPort) };
    }),
  );
  if (linkLayer === 'ib') return facts.find((fact) => guid !== undefined && fact.guid === guid)?.name ?? null;
  return (
    (facts.find((fact) => fact.devPort === port - 1) ?? (here.length === 1 ? facts[0] : undefined))?.name ??
    null
  );
}
