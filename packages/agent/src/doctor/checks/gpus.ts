import type { NodeFacts } from '@dsr1/shared/facts/node';
import { sizeText } from '@dsr1/shared/facts/units';
import type { Finding } from '../finding.ts';

/** Driver, fabric manager, and whether the GPUs are free. A host without NVIDIA hardware has nothing to check. */
export function checkGpus(facts: NodeFacts): Finding[] {
  const { gpus, settings } = facts;
  const onPci = settings?.detected ? settings.value.nvidiaGpusOnPci : 0;
  if (!gpus.detected) return onPci > 0 ? [unseen(facts, onPci)] : [];
  const seen = gpus.value.gpus;
  return [
    ...(seen.length < onPci ? [lost(seen.length, onPci)] : []),
    ...seen.filter(({ processes }) => processes.length > 0).map(occupied),
    ...seen.filter(({ mig }) => mig === true).map(({ index }) => partitioned(index)),
    ...fabricManager(facts),
  ];
}

function unseen({ tools }: NodeFacts, onPci: number): Finding {
  const note = tools.find(({ tool }) => tool === 'nvidia-smi')?.note ?? 'no answer';
  const missing = note === 'not installed';
  if (/version mismatch/i.test(note)) return mismatch(onPci, note);
  return {
    severity: 'error',
    check: missing ? 'nvidia-driver-missing' : 'nvidia-smi-silent',
    found: `${onPci} NVIDIA GPUs on the PCI bus, but nvidia-smi: ${note}`,
    matters: 'without a working driver no rank can use a GPU of this node',
    fix: missing
      ? [
          'install the driver (Ubuntu: `apt-get install nvidia-driver-580-server nvidia-utils-580-server`), then reboot',
        ]
      : [
          'look for the cause: `dmesg | grep -iE "nvrm|xid"`',
          'a GPU that hangs nvidia-smi comes back with a reboot only',
        ],
  };
}

/** The driver was updated and its kernel module was not, which happens on the next boot. */
const mismatch = (onPci: number, note: string): Finding => ({
  severity: 'error',
  check: 'nvidia-smi-mismatch',
  found: `${onPci} NVIDIA GPUs on the PCI bus, but nvidia-smi: ${note}`,
  matters: "the driver's libraries are of another version than its kernel module: no process can use a GPU",
  fix: [
    'reboot, or end what holds the GPUs and `rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && modprobe nvidia`',
  ],
});

const lost = (seen: number, onPci: number): Finding => ({
  severity: 'error',
  check: 'gpu-lost',
  found: `${onPci} NVIDIA GPUs on the PCI bus, but the driver shows ${seen}`,
  matters: 'a GPU that fell off the bus makes every launch that counts on it fail',
  fix: [
    '`dmesg | grep -iE "nvrm|xid"` names it (Xid 79: fell off the bus); a cold reset of the host may bring it back',
  ],
});

const occupied = ({
  index,
  processes,
}: {
  index: number;
  processes: readonly { pid: number; name: string | null; usedMemoryBytes: number | null }[];
}): Finding => ({
  severity: 'warning',
  check: 'gpu-in-use',
  found: `GPU ${index} is in use: ${processes.map(({ pid, name, usedMemoryBytes }) => `pid ${pid} (${name ?? '?'}, ${usedMemoryBytes === null ? 'memory unknown' : sizeText(usedMemoryBytes)})`).join(', ')}`,
  matters: 'an engine takes most of the memory of each GPU; it starts only on free ones',
  fix: [
    'if it is not a rank of a deployment here, end it; `ps -o pid,user,lstart,args -p PID` says whose it is',
  ],
});

const partitioned = (index: number): Finding => ({
  severity: 'warning',
  check: 'gpu-mig',
  found: `GPU ${index} is in MIG mode`,
  matters: 'NCCL cannot join the slices of GPUs: tensor parallelism needs whole ones',
  fix: [`nvidia-smi -i ${index} -mig 0`],
});

function fabricManager({ settings, gpus }: NodeFacts): Finding[] {
  if (!settings?.detected || settings.value.nvSwitches === 0 || settings.value.fabricManager === 'active')
    return [];
  const driver = gpus.detected ? gpus.value.driverVersion?.split('.', 1)[0] : null;
  return [
    {
      severity: 'error',
      check: 'fabric-manager',
      found: `${settings.value.nvSwitches} NVSwitches, but nvidia-fabricmanager is ${settings.value.fabricManager ?? 'not known to run'}`,
      matters:
        'until it has set up the switches, CUDA fails to initialise (error 802, system not yet initialized)',
      fix: [
        `apt-get install nvidia-fabricmanager-${driver ?? 'VERSION'} (the very version of the driver)`,
        'systemctl enable --now nvidia-fabricmanager',
      ],
    },
  ];
}
