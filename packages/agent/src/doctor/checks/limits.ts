import type { NodeFacts } from '@dsr1/shared/facts/node';
import { sizeText } from '@dsr1/shared/facts/units';
import type { Finding } from '../finding.ts';

const GIB = 1024 ** 3;
/** NCCL's shared-memory transport and the engines' worker queues take some hundred MiB a GPU. */
const SHM_PER_GPU = GIB;
const ENOUGH_FILES = 65_536;
const LITTLE_DISK_GIB = 10;

/**
 * Limits that ranks run into. Where systemd starts them, their units set locked memory and open files; a rank that is
 * a plain process has what the agent has.
 */
export function checkLimits(facts: NodeFacts): Finding[] {
  const { limits, runtimes, hcas, gpus, disks } = facts;
  const units = runtimes.detected && runtimes.value.systemd !== null;
  const { memlockBytes, nofile, shmBytes } = limits.detected
    ? limits.value
    : { memlockBytes: null, nofile: null, shmBytes: null };
  const shmNeeded = SHM_PER_GPU * Math.max(1, gpus.detected ? gpus.value.gpus.length : 0);
  return [
    ...(memlockBytes !== null && !units ? [memlock(memlockBytes, hcas.detected)] : []),
    ...(nofile !== null && nofile < ENOUGH_FILES && !units ? [openFiles(nofile)] : []),
    ...(shmBytes !== null && shmBytes < shmNeeded ? [sharedMemory(shmBytes, shmNeeded)] : []),
    ...(disks.detected
      ? disks.value
          .filter(
            ({ freeGiB, totalBytes }) => freeGiB < LITTLE_DISK_GIB && totalBytes > 2 * LITTLE_DISK_GIB * GIB,
          )
          .map(fullDisk)
      : []),
  ];
}

const memlock = (bytes: number, rdma: boolean): Finding => ({
  severity: rdma ? 'error' : 'warning',
  check: 'memlock',
  found: `locked memory is limited to ${sizeText(bytes)}`,
  matters:
    'RDMA registers the buffers it sends from: NCCL fails with "ibv_reg_mr failed: Cannot allocate memory"',
  fix: [
    'printf "* soft memlock unlimited\\n* hard memlock unlimited\\n" > /etc/security/limits.d/90-dsr1.conf, then log in again',
    'in a container: `--ulimit memlock=-1`',
  ],
});

const openFiles = (nofile: number): Finding => ({
  severity: 'warning',
  check: 'open-files',
  found: `open files are limited to ${nofile}`,
  matters: 'an API server under load holds a socket a request, and every NCCL channel several more',
  fix: [
    'printf "* soft nofile 1048576\\n* hard nofile 1048576\\n" >> /etc/security/limits.d/90-dsr1.conf, then log in again',
  ],
});

const sharedMemory = (bytes: number, needed: number): Finding => ({
  severity: 'error',
  check: 'shm-small',
  found: `/dev/shm holds ${sizeText(bytes)}; ${sizeText(needed)} are wanted for the GPUs here`,
  matters: 'ranks of one host pass data through it; when it is full they die with a bus error',
  fix: [
    `mount -o remount,size=${Math.ceil((needed * 2) / GIB)}G /dev/shm`,
    'in a container: `--shm-size=32g` or `--ipc=host`',
  ],
});

const fullDisk = ({ mount, freeGiB }: { mount: string; freeGiB: number }): Finding => ({
  severity: 'warning',
  check: 'disk-low',
  found: `${mount} has ${freeGiB} GiB left`,
  matters: 'logs, compile caches and the state directory grow while an engine runs',
  fix: [`\`du -xh --max-depth=2 ${mount} | sort -h | tail\` shows what to clear`],
});
