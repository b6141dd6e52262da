/** An explanation as one JSON object (docs/fabric-cases.md). Unknown is null or absent, never a guess. */
import type { ExplainedGroup, Explanation } from './explain.ts';
import { fileReading } from './file-reading.ts';
import { UNNAMED_DEVICE } from './merge/merge-gids.ts';
import type { ChosenHca, NodeFabric } from './model.ts';
import type { NcclReport } from './nccl-log/model.ts';

export function explanationJson({ dump, groups }: Explanation): Record<string, unknown> {
  const files = [...dump.files].flatMap(([path, evidence]) => {
    const reading = fileReading(evidence, dump.kinds.get(path));
    return reading === null ? [] : [[path, reading] as const];
  });
  return {
    files: Object.fromEntries(files),
    ignored: dump.ignored,
    nodes: Object.fromEntries(
      groups.flatMap((group) => group.selection.nodes.map((node) => [node.node, nodeJson(node, group)])),
    ),
    groups: Object.fromEntries(groups.map((group) => [group.name, groupJson(group)])),
    nccl: groups.flatMap((group) =>
      group.logs.map(({ file, node, report }) => ({
        file,
        ...(node === null ? {} : { node }),
        host: report.host,
        version: report.version,
        network: report.network,
        transport: report.transport,
        devices_used: report.devicesUsed,
        oob_ifname: report.oobIfname,
        nic_count: report.nicCount,
        gdr: report.gdr,
        errors: errorsOf(report, group),
      })),
    ),
    rejected_env: groups.flatMap((group) => group.rejectedEnv),
    diagnosis: groups.flatMap((group) => group.diagnoses),
  };
}

/** Lines that say an error, and lines that show a cause without saying so (a channel between isolated rails). */
function errorsOf(
  report: NcclReport,
  { diagnoses, logs }: ExplainedGroup,
): { line: string; category: string }[] {
  const said = report.errors.map(({ line, category }) => ({ line, category }));
  const lines = new Set(
    logs.filter((log) => log.report === report).flatMap((log) => log.lines.map((line) => line.trim())),
  );
  const shown = diagnoses
    .filter((item) => item.confidence === 'high')
    .flatMap((item) => item.evidence.map(({ text }) => ({ line: text, category: item.category })))
    .filter(({ line }) => lines.has(line.trim()) && !said.some((error) => error.line === line.trim()));
  return [...said, ...shown];
}

/** A device that has several ports, or uses another than the first, is named with the port that is used. */
function nodeJson(fabric: NodeFabric, group: ExplainedGroup): Record<string, unknown> {
  const named = fabric.hcas.filter((hca) => hca.device !== UNNAMED_DEVICE);
  const [nics, devices] = [named.filter(isTopoName), named.filter((hca) => !isTopoName(hca))];
  const { NCCL_IB_HCA: hcaList, ...others } = fabric.env;
  const node = group.nodes.find(({ name }) => name === fabric.node);
  const nameOf = ({ device, port }: ChosenHca): string => {
    const ports = node?.hcas?.find((hca) => hca.device === device)?.ports.length ?? 1;
    return ports > 1 || port !== 1 ? `${device}:${port}` : device;
  };
  return {
    socket_ifname: fabric.controlInterface,
    hca: devices.map(nameOf),
    gid_index: Object.fromEntries(
      fabric.hcas.flatMap((hca) => (hca.gidIndex === null ? [] : [[nameOf(hca), hca.gidIndex]])),
    ),
    gid_env: fabric.gidEnv,
    rail_netdevs: devices.flatMap((hca) => hca.netdev ?? []),
    ...(nics.length > 0 ? { topo_nics: nics.map((hca) => hca.device) } : {}),
    env: devices.length > 0 && hcaList !== undefined ? { NCCL_IB_HCA: hcaList, ...others } : others,
    reasons: [...fabric.reasons, ...(group.interfaces[fabric.node] ?? [])],
    contradictions: node?.contradictions ?? [],
  };
}

/** `NIC3` of a topology without legend is not a device name. */
function isTopoName(hca: { readonly device: string }): boolean {
  return /^NIC\d+$/.test(hca.device);
}

function groupJson({ verdict }: ExplainedGroup): Record<string, unknown> {
  return { verdict: verdict.verdict, because: verdict.because };
}
