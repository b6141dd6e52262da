import type { Hca, HcaPort } from '@dsr1/shared/facts/hca';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Finding } from '../finding.ts';

/** Device nodes, subnet manager, addresses and GPUDirect of the HCAs that have a link. */
export function checkRdma(facts: NodeFacts): Finding[] {
  const hcas = probed(facts.hcas, []).filter(({ ports }) => ports.some(({ state }) => state === 'active'));
  return [
    ...closed(hcas),
    ...hcas.flatMap((hca) =>
      hca.ports.filter(({ state }) => state === 'active').flatMap((port) => checkPort(hca, port)),
    ),
    ...peerMemory(facts, hcas),
    ...facts.contradictions.slice(0, MAX_CONTRADICTIONS).map(contradicted),
  ];
}

/** More of them have one cause. */
const MAX_CONTRADICTIONS = 5;

function closed(hcas: readonly Hca[]): Finding[] {
  const shut = hcas.filter(({ uverbs }) => uverbs?.openable === false);
  const [first] = shut;
  if (first === undefined) return [];
  const { path, reason } = first.uverbs ?? { path: null, reason: null };
  return [
    {
      severity: 'error',
      check: 'uverbs-closed',
      found: `${shut.map(({ device }) => device).join(', ')}: ${path ?? '/dev/infiniband/uverbsN'} cannot be opened (${reason ?? 'unknown'})`,
      matters: 'the link is up, but no process here can use it: NCCL would fall back to TCP or fail',
      fix: fixOfClosed(reason),
    },
  ];
}

function fixOfClosed(reason: string | null): string[] {
  if (reason === 'EACCES' || reason === 'EPERM') {
    return [
      'run the agent as root, or add to /etc/udev/rules.d/40-dsr1.rules: KERNEL=="uverbs*", MODE="0666"',
      'udevadm control --reload && udevadm trigger',
      'in a container also `--device=/dev/infiniband` and `--ulimit memlock=-1`',
    ];
  }
  return ['modprobe ib_uverbs', 'in a container start it with `--device=/dev/infiniband`'];
}

function checkPort({ device }: Hca, { port, linkLayer, smLid, gids, netdev }: HcaPort): Finding[] {
  if (linkLayer === 'ib' && smLid === 0) {
    return [
      {
        severity: 'error',
        check: 'no-subnet-manager',
        found: `${device} port ${port} is active, but no subnet manager has answered (sm_lid 0)`,
        matters: 'without a subnet manager InfiniBand has no addresses and no routes',
        fix: ['start it on the switch, or on one host of the subnet: `systemctl enable --now opensm`'],
      },
    ];
  }
  const usable = gids?.some(
    ({ version, ipv4, gid }) => version !== 1 && (ipv4 !== null || !gid.startsWith('fe80')),
  );
  if (linkLayer !== 'eth' || gids === null || usable === true) return [];
  return [
    {
      severity: 'warning',
      check: 'rail-without-address',
      found: `${device} port ${port} (${netdev ?? 'no netdev here'}) has a link, but no RoCE v2 GID with an address`,
      matters: 'RoCE is routed by the address of the netdev; without one this HCA stays out of every plan',
      fix:
        netdev === null
          ? ['its netdev is in another network namespace; move it here, or leave the HCA out']
          : [
              `give ${netdev} the address of its rail, e.g. \`ip addr add 10.0.1.2/24 dev ${netdev}\`, and keep it in netplan or NetworkManager`,
            ],
    },
  ];
}

/** GPUDirect RDMA: the nvidia_peermem module, or DMA-BUF with the open kernel modules (which needs no module). */
function peerMemory({ settings, gpus }: NodeFacts, hcas: readonly Hca[]): Finding[] {
  if (!settings?.detected || !gpus.detected || hcas.length === 0) return [];
  const { kernelModules } = settings.value;
  if (kernelModules.includes('nvidia_peermem') || kernelModules.includes('nv_peer_mem')) return [];
  return [
    {
      severity: 'warning',
      check: 'peermem-missing',
      found: 'HCAs and GPUs are there, but nvidia_peermem is not loaded',
      matters:
        'unless driver and kernel can do DMA-BUF, every transfer between nodes is copied through host memory (no GPUDirect RDMA)',
      fix: ['modprobe nvidia_peermem', 'echo nvidia_peermem > /etc/modules-load.d/nvidia-peermem.conf'],
    },
  ];
}

const contradicted = ({
  subject,
  believed,
  rejected,
  because,
}: NodeFacts['contradictions'][number]): Finding => ({
  severity: 'warning',
  check: 'contradiction',
  found: `${subject}: ${believed.source} says ${believed.value}, ${rejected.source} says ${rejected.value}`,
  matters: `${believed.source} is believed (${because}); whoever reads the other tool by eye sees something else`,
  fix: [`check which is right, and update or remove ${rejected.source} if it is old`],
});
