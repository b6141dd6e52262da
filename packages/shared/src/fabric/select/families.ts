/** What the maker and driver of an RDMA device mean for NCCL. Data: one row a family. */
import type { Hca } from '../../facts/hca.ts';

export interface DeviceFamily {
  readonly family: string;
  /** Verbs names; rdma-core's persistent naming renames by PCI path, so a driver decides where it is known. */
  readonly names: RegExp;
  readonly drivers: readonly string[];
  /** How NCCL reaches it: its own verbs transport, the OFI plugin, or not at all. */
  readonly reach: 'verbs' | 'efa' | 'cxi' | 'none';
  /** Every port is a virtual NIC of the cloud, so sharing the control interface's NIC is normal. */
  readonly sharesControl: boolean;
  /** Made by the kernel over an ordinary NIC, without hardware of its own. */
  readonly software: boolean;
  readonly note: string;
}

const families: readonly DeviceFamily[] = [
  family(
    'efa',
    /^efa_?\d+$/,
    ['efa'],
    'efa',
    'AWS EFA has no RC queue pairs: NCCL needs the aws-ofi-nccl plugin',
  ),
  family(
    'cxi',
    /^cxi\d+$/,
    ['cxi_core', 'cxi_ss1', 'cxi'],
    'cxi',
    'Slingshot has no verbs: NCCL needs the OFI plugin and the /dev/cxi* nodes',
  ),
  {
    ...family(
      'soft-roce',
      /^rxe\d/,
      ['rdma_rxe'],
      'verbs',
      'software RDMA: no GPUDirect, no faster than TCP',
    ),
    software: true,
  },
  {
    ...family(
      'soft-iwarp',
      /^siw/,
      ['siw'],
      'none',
      'software iWARP: no GIDs, which NCCL needs, and no faster than TCP',
    ),
    software: true,
  },
  family(
    'iwarp',
    /^(i40iw|iw|cxgb)/,
    ['i40iw', 'iw_cxgb4'],
    'none',
    'iWARP has no GIDs and wants RDMA-CM connections, which NCCL does not make',
  ),
  family('usnic', /^usnic_/, ['usnic_verbs'], 'none', 'usNIC has datagram queue pairs only'),
  family('mana', /^mana_/, ['mana_ib', 'mana'], 'none', "Azure's front-end NIC, not a fabric"),
  family(
    'accelnet',
    /^(mlx[45]_an\d+)$/,
    [],
    'none',
    "Azure's accelerated-networking VF: the RDMA side of the front-end NIC, with no fabric behind it",
  ),
  {
    ...family(
      'erdma',
      /^erdma/,
      ['erdma'],
      'verbs',
      'Alibaba eRDMA rides on the elastic NIC of the instance',
    ),
    sharesControl: true,
  },
  family('verbs', /./, [], 'verbs', 'verbs device'),
];

/** The family of a device, by driver where known, by name otherwise; every other name is a plain verbs device. */
export function familyOf(device: string, hca: Hca | null): DeviceFamily {
  const driver = hca?.driver ?? null;
  const known = families.find(
    (row) =>
      (driver !== null && row.drivers.includes(driver)) || (row.family !== 'verbs' && row.names.test(device)),
  );
  return known ?? (isUnnamedEfa(device, hca) ? efa() : plain());
}

/**
 * rdma-core's rename rule writes `rdmap<bus>s<slot>` for a device whose link layer is unspecified, which is EFA;
 * a port that shows a link layer or a netdev is something else under the same name.
 */
function isUnnamedEfa(device: string, hca: Hca | null): boolean {
  if (!/^rdmap\d+s\d+$/.test(device) || hca === null) return false;
  return hca.driver === null && hca.ports.every((port) => port.linkLayer === null && port.netdev === null);
}

function family(
  name: string,
  names: RegExp,
  drivers: readonly string[],
  reach: DeviceFamily['reach'],
  note: string,
): DeviceFamily {
  return { family: name, names, drivers, reach, sharesControl: false, software: false, note };
}

function efa(): DeviceFamily {
  return families.find((row) => row.family === 'efa') ?? plain();
}

function plain(): DeviceFamily {
  return family('verbs', /./, [], 'verbs', 'verbs device');
}
