/** What a machine lacks for the benches that need more than Node: each answers with the reason, or null. */
import { existsSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';

const found = (program: string): boolean =>
  (process.env.PATH ?? '/usr/bin').split(':').some((folder) => existsSync(`${folder}/${program}`)) ||
  existsSync(`/usr/sbin/${program}`);

/** Real systemd hosts (hosts.sh). */
export function labMissing(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root (boots hosts with systemd-nspawn)';
  if (!found('apt-get')) return 'needs Debian or Ubuntu (its hosts are built with debootstrap)';
  return null;
}

/** Real engines on those hosts (engines/install.sh). */
export function enginesMissing(): string | null {
  const lab = labMissing();
  if (lab !== null) return lab;
  if (!existsSync('/usr/bin/python3.11')) return "needs Debian 12's python3.11 with venv";
  for (const tool of ['gcc', 'readelf']) if (!found(tool)) return `needs ${tool}`;
  const disk = statfsSync(homedir());
  const freeGb = (disk.bavail * disk.bsize) / 1e9;
  return freeGb < 12
    ? `needs 12 GB free in ${homedir()} for the engines, found ${freeGb.toFixed(1)} GB`
    : null;
}

/** Docker engines of their own (test/docker/engine.sh). */
export function dockerMissing(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root (starts Docker engines of its own)';
  return found('apt-get') ? null : 'needs Debian or Ubuntu (Docker comes from their archive)';
}

/** Virtual machines with soft-RoCE (rdma-vms.sh). */
export function rdmaMissing(): string | null {
  const lab = labMissing();
  if (lab !== null) return lab;
  return existsSync(new URL('./rdma-vms.sh', import.meta.url))
    ? null
    : 'the virtual machines are not part of this version';
}

/** A real engine on a GPU of this machine. */
export function gpuMissing(): string | null {
  if (!found('nvidia-smi')) return 'needs an NVIDIA GPU (nvidia-smi is not there)';
  return process.env.DSR1_GPU_PYTHON === undefined
    ? 'needs DSR1_GPU_PYTHON: the interpreter of an environment with SGLang for this GPU (and, if it wants some, DSR1_GPU_ARGS)'
    : null;
}
