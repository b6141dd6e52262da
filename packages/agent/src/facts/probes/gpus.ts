import { parseNvidiaSmiQuery } from '@dsr1/shared/fabric/parse/nvidia-smi-query';
import { parseNvidiaSmiXml } from '@dsr1/shared/fabric/parse/nvidia-smi-xml';
import type { GpuRow } from '@dsr1/shared/fabric/parse/rows';
import type { Gpu, GpuInventory } from '@dsr1/shared/facts/gpu';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, readLine, readNumaNode, rowsOf, undetected } from '../probe.ts';
import { pciFolder } from './pci.ts';

/** Without persistence mode the driver is initialised anew for each call: seconds on a host with eight GPUs. */
const SMI_LIMITS = { timeoutMs: 15_000, maxOutputBytes: 16 * 1024 * 1024 };
const QUERY = 'index,uuid,name,pci.bus_id,memory.total,compute_cap,mig.mode.current';

/** GPUs with the processes on them: `nvidia-smi -q -x`, with --query-gpu for what the XML lacks, or alone. */
export async function probeGpus(host: Host): Promise<Probe<GpuInventory>> {
  const [xml, query] = await Promise.all([
    host.run(['nvidia-smi', '-q', '-x'], SMI_LIMITS),
    host.run(['nvidia-smi', `--query-gpu=${QUERY}`, '--format=csv'], SMI_LIMITS),
  ]);
  const document = parseNvidiaSmiXml(xml.answered ? xml.stdout : '');
  const full = rowsOf('nvidia-smi -q -x', xml, () => document);
  const brief = rowsOf('nvidia-smi --query-gpu', query, parseNvidiaSmiQuery);
  const believed = [full, brief].find((rows) => rows.detected && rows.value.length > 0);
  if (!believed?.detected) return full.detected ? undetected('nvidia-smi: shows no GPU') : full;
  const byUuid = new Map(brief.detected ? brief.value.map((row) => [row.uuid, row]) : []);
  return detected(believed.source, {
    driverVersion: document.driverVersion ?? (await readLine(host, '/sys/module/nvidia/version')),
    cudaVersion: document.cudaVersion,
    gpus: await Promise.all(believed.value.map((row) => gpuOf(host, row, byUuid.get(row.uuid)))),
  });
}

async function gpuOf(host: Host, row: GpuRow, brief: GpuRow | undefined): Promise<Gpu> {
  const { busId: _, ...gpu } = row;
  return {
    ...gpu,
    numaNode: row.pci === null ? null : await readNumaNode(host, pciFolder(row.pci)),
    computeCapability: row.computeCapability ?? brief?.computeCapability ?? null,
    mig: row.mig ?? brief?.mig ?? null,
    processes: [...row.processes].sort((a, b) => a.pid - b.pid),
  };
}
