/**
 * Errors that no single line shows: a channel that changes rails, a host that bootstraps elsewhere than its peers.
 * They need the fabric and the other hosts' logs, and are added to the reports as if the log had said them.
 */
import type { FabricSelection } from '../model.ts';
import type { NcclError } from '../nccl-log/model.ts';
import { isLocalOnly } from '../select/address.ts';
import type { FabricCategory } from './categories.ts';
import type { DiagnoseInput, EnvSetting, NodeReport } from './model.ts';
import { hasOneRail } from './rails-of-gang.ts';

/** The reports with these errors added, and those of rails that cannot be told otherwise; asking twice adds nothing. */
export function reportsInContext<Report extends NodeReport>(
  reports: readonly Report[],
  context: Pick<DiagnoseInput, 'selection' | 'env'>,
): Report[] {
  const oneRail = hasOneRail({ reports, selection: context.selection });
  return reports.map((from) => {
    const said = from.report.errors.map((error) => (oneRail ? withoutRails(error) : error));
    const found = [...crossRails(from, context), ...strayBootstrap(from, reports)];
    const added = found.filter(
      (error) => !said.some((known) => known.line === error.line && known.category === error.category),
    );
    return { ...from, report: { ...from.report, errors: [...said, ...added] } };
  });
}

/** A pair that could not be set up, where every host has one HCA: not crossed, so its path is cut. */
function withoutRails(error: NcclError): NcclError {
  return error.category === 'rail-isolated' ? { ...error, category: 'firewall-or-route' } : error;
}

/** Channels over the network between GPUs of different rails, where the rails are kept apart. */
function crossRails(
  from: NodeReport,
  { selection, env }: Pick<DiagnoseInput, 'selection' | 'env'>,
): NcclError[] {
  if (!isolatedByPlan(selection, env)) return [];
  const hcas = selection?.nodes.find((node) => node.node === (from.node ?? from.report.host))?.hcas ?? [];
  const railOf = (gpu: number) => hcas.find((hca) => hca.nearGpus.includes(gpu))?.device;
  return from.report.netLinks
    .filter(
      ({ fromGpu, toGpu }) =>
        railOf(fromGpu) !== undefined && railOf(toGpu) !== undefined && railOf(fromGpu) !== railOf(toGpu),
    )
    .map(({ line, lineNumber }) => contextError(line, lineNumber, 'rail-isolated'));
}

/** The rails are meant to stay apart: by what was selected, or by what somebody set. */
function isolatedByPlan(selection: FabricSelection | null, env: readonly EnvSetting[]): boolean {
  const set = env.some((item) => item.var === 'NCCL_CROSS_NIC' && item.value.trim() === '0');
  return set || (selection?.nodes.some((node) => node.env.NCCL_CROSS_NIC === '0') ?? false);
}

/**
 * Like hosts number their interfaces alike (`eth0`, `bond1`): where one bootstraps on another number than its peers,
 * the habitual interface is missing there. Names that encode a slot (`ens7np0`) differ by right. A link-local address
 * (NCCL looks at ib… first, misc/socket.cc) is none that the others can answer.
 */
function strayBootstrap(from: NodeReport, reports: readonly NodeReport[]): NcclError[] {
  const { oobIfname, oobAddress, bootstrapLine } = from.report;
  if (bootstrapLine !== null && oobAddress !== null && isLocalOnly(oobAddress)) {
    const elsewhere = reports.some(
      ({ report }) => report.oobAddress !== null && !isLocalOnly(report.oobAddress),
    );
    return elsewhere ? [contextError(bootstrapLine.line, bootstrapLine.lineNumber, 'wrong-interface')] : [];
  }
  const own = numbered(oobIfname);
  if (own === null || bootstrapLine === null) return [];
  const peers = reports
    .filter((other) => other.report.host !== from.report.host)
    .map((other) => numbered(other.report.oobIfname));
  const stray =
    peers.length > 0 &&
    peers.every((peer) => peer !== null && peer.stem === own.stem && peer.number < own.number);
  return stray ? [contextError(bootstrapLine.line, bootstrapLine.lineNumber, 'wrong-interface')] : [];
}

function numbered(name: string | null): { stem: string; number: number } | null {
  const match = /^(?!en[osp]|ib|lo)([a-z]+)(\d{1,3})$/.exec(name ?? '');
  return match === null ? null : { stem: match[1] ?? '', number: Number(match[2]) };
}

function contextError(line: string, lineNumber: number, category: FabricCategory): NcclError {
  return {
    line,
    lineNumber,
    timestamp: null,
    category,
    consequence: false,
    gpu: null,
    pid: null,
    peer: null,
    hca: null,
    localGid: null,
    remoteGid: null,
  };
}
