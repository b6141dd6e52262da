/** The transport proof: what the ranks of a node really use, against what was planned for it. */
import type { LogTransport, NcclReport } from './model.ts';

export interface PlannedTransport {
  readonly transport: string | null;
  /** Names of the chosen HCAs. */
  readonly devices: readonly string[];
  readonly controlInterface: string | null;
}

/**
 * `fallback` = sockets where RDMA was planned; `differs` = another network, device or interface than planned;
 * `unproven` = the log has not said it (yet).
 */
export type ProofVerdict = 'proven' | 'differs' | 'fallback' | 'unproven';

export interface TransportProof {
  readonly verdict: ProofVerdict;
  readonly transport: LogTransport;
  readonly because: readonly string[];
}

/** Compares one report with the plan of its node. Differences that only cost speed are named and do not break it. */
export function transportProof(planned: PlannedTransport, report: NcclReport): TransportProof {
  const { transport } = report;
  if (planned.transport === null || transport === 'unknown')
    return { verdict: 'unproven', transport, because: ['the log has not named a network yet'] };
  if (transport === 'failed')
    return { verdict: 'unproven', transport, because: ['NCCL ended before it chose a network'] };
  const faults = [
    ...networkFault(planned.transport, transport),
    ...deviceFaults(planned, report),
    ...interfaceFault(planned, report),
  ];
  const fallback = transport === 'socket' && planned.transport !== 'tcp';
  if (faults.length > 0) return { verdict: fallback ? 'fallback' : 'differs', transport, because: faults };
  return {
    verdict: 'proven',
    transport,
    because: [
      `${report.network ?? transport} on ${report.devicesUsed.join(', ') || report.oobIfname || 'the planned network'}`,
      ...slowdowns(planned, report),
    ],
  };
}

function networkFault(planned: string, used: LogTransport): string[] {
  return expected[planned]?.includes(used) === true ? [] : [`planned ${planned}, the log shows ${used}`];
}

const expected: Readonly<Record<string, readonly LogTransport[]>> = {
  roce: ['roce', 'verbs'],
  ib: ['ib', 'verbs'],
  efa: ['efa'],
  cxi: ['cxi'],
  tcp: ['socket'],
};

/** NCCL may fuse the ports of one card (`mlx5_0+mlx5_1`), which still are the planned ones. */
function deviceFaults({ transport, devices }: PlannedTransport, { devicesUsed }: NcclReport): string[] {
  if (transport === 'tcp' || devices.length === 0 || devicesUsed.length === 0) return [];
  const plan = new Set(devices);
  const used = new Set(devicesUsed.flatMap((device) => (device.split(':')[0] ?? '').split('+')));
  const extra = [...used].filter((device) => !plan.has(device));
  const missing = [...plan].filter((device) => !used.has(device));
  return [
    ...(extra.length === 0 ? [] : [`${extra.join(', ')} in use and not planned`]),
    ...(missing.length === 0 ? [] : [`${missing.join(', ')} planned and not in use`]),
  ];
}

function interfaceFault({ controlInterface }: PlannedTransport, { oobIfname }: NcclReport): string[] {
  if (controlInterface === null || oobIfname === null || oobIfname === controlInterface) return [];
  return [`bootstrap on ${oobIfname}, planned ${controlInterface}`];
}

function slowdowns({ transport }: PlannedTransport, { gdr }: NcclReport): string[] {
  return transport !== 'tcp' && gdr === false
    ? ['without GPUDirect RDMA: every byte is copied through host memory']
    : [];
}
