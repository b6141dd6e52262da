import type { Hca } from '@dsr1/shared/facts/hca';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, readLine, readNumaNode, undetected } from '../probe.ts';
import { type PortContext, readPort } from './hca-port.ts';
import { pciOf } from './netdevs.ts';

const CLASS = '/sys/class/infiniband';

/** Every RDMA device that the kernel shows, with its ports, GID tables and device node. Needs no tool. */
export async function probeHcas(host: Host): Promise<Probe<Hca[]>> {
  const [names, netdevs, verbs] = await Promise.all([
    host.list(CLASS),
    host.list('/sys/class/net'),
    uverbsByDevice(host),
  ]);
  if (names === null) return undetected(`${CLASS} does not exist: no RDMA driver is loaded`);
  const hcas = await Promise.all(
    names.map((device) => readHca(host, device, new Set(netdevs), verbs.get(device))),
  );
  return detected('sysfs', hcas);
}

async function readHca(
  host: Host,
  device: string,
  netdevs: ReadonlySet<string>,
  uverbs: string | undefined,
): Promise<Hca> {
  const at = `${CLASS}/${device}`;
  const [pci, numaNode, driver, nodeGuid, firmware, pf, ports, deviceNetdevs, node] = await Promise.all([
    pciOf(host, `${at}/device`),
    readNumaNode(host, `${at}/device`),
    host.realPath(`${at}/device/driver`),
    readLine(host, `${at}/node_guid`),
    readLine(host, `${at}/fw_ver`),
    pciOf(host, `${at}/device/physfn`),
    host.list(`${at}/ports`),
    host.list(`${at}/device/net`),
    readUverbs(host, uverbs),
  ]);
  const context: PortContext = { host, device, netdevs, deviceNetdevs: deviceNetdevs ?? [] };
  return {
    device,
    pci,
    numaNode,
    driver: driver?.split('/').at(-1) ?? null,
    nodeGuid,
    firmware,
    virtualFunction: pci === null ? null : pf !== null,
    physicalFunction: pf,
    uverbs: node,
    ports: await Promise.all((ports ?? []).map((port) => readPort(context, Number(port)))),
  };
}

/** In a container sysfs shows every HCA of the host, but only those with a device node that opens can be used. */
async function readUverbs(host: Host, name: string | undefined): Promise<Hca['uverbs']> {
  if (name === undefined)
    return { path: null, openable: false, reason: 'no uverbs device: ib_uverbs is not loaded' };
  const path = `/dev/infiniband/${name}`;
  const reason = await host.whyNotOpenable(path);
  return { path, openable: reason === null, reason };
}

async function uverbsByDevice(host: Host): Promise<ReadonlyMap<string, string>> {
  const folder = '/sys/class/infiniband_verbs';
  const names = ((await host.list(folder)) ?? []).filter((name) => name.startsWith('uverbs'));
  const devices = await Promise.all(names.map((name) => readLine(host, `${folder}/${name}/ibdev`)));
  return new Map(names.flatMap((name, at) => (devices[at] ? [[devices[at], name] as const] : [])));
}
