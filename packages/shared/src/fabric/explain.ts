/** Dumps of hosts → what to use, why, and what is wrong: merge, select, read logs, diagnose. Pure. */
import { nodeOfFacts } from './collect/facts.ts';
import { checkEnv } from './diagnose/check-env.ts';
import { diagnoseFabric } from './diagnose/diagnose.ts';
import { type GangVerdict, gangVerdict } from './diagnose/gang-verdict.ts';
import { reportsInContext } from './diagnose/log-context.ts';
import type {
  DiagnoseInput,
  EnvSetting,
  FabricDiagnosis,
  NodeReport,
  RejectedEnv,
} from './diagnose/model.ts';
import type { DumpedNode, FabricDump } from './dump.ts';
import { isSameName } from './hosts-of-texts.ts';
import { logEvidence } from './log-evidence.ts';
import { mergeNode } from './merge/merge-node.ts';
import type { FabricNode, FabricPolicy, FabricSelection, NodeFabric, Reason } from './model.ts';
import { doubtsOfOneHost } from './one-host.ts';
import { interfaceReasons } from './select/interfaces.ts';
import { withMeetingAddresses, withSharedAddresses } from './select/meeting.ts';
import { selectFabric } from './select/select.ts';
import { settingsOverride, withNamedDevices, withPinnedGid } from './settings.ts';

export interface ExplainedLog extends NodeReport {
  readonly file: string;
  readonly lines: readonly string[];
}

export interface ExplainedGroup {
  readonly name: string;
  readonly nodes: readonly FabricNode[];
  readonly selection: FabricSelection;
  /** Why interfaces are not taken for bootstrap, by node. */
  readonly interfaces: Readonly<Record<string, readonly Reason[]>>;
  /** On the situation as posted. */
  readonly verdict: GangVerdict;
  readonly logs: readonly ExplainedLog[];
  readonly rejectedEnv: readonly RejectedEnv[];
  readonly diagnoses: readonly FabricDiagnosis[];
}

export interface Explanation {
  readonly dump: FabricDump;
  /** Nodes of one job are a group, in the order of the dump. */
  readonly groups: readonly ExplainedGroup[];
}

/** `policy.ncclVersion` null means the version that the logs of a group print, if any. */
export function explainDump(dump: FabricDump, policy: FabricPolicy): Explanation {
  const groups = Map.groupBy(dump.nodes, (node) => node.group);
  return { dump, groups: [...groups].map(([name, nodes]) => explainGroup(name, nodes, policy)) };
}

function explainGroup(name: string, dumped: readonly DumpedNode[], policy: FabricPolicy): ExplainedGroup {
  const read = logsOf(dumped);
  const printed = read.map((log) => log.report.version).find((version) => version !== null);
  const { nodes, selection } = chooseFabric(
    dumped.map((node) => withLogs(node, read)),
    { ...policy, ncclVersion: policy.ncclVersion ?? printed ?? null },
    read,
  );
  const env = dumped.flatMap(settingsOf);
  const logs = reportsInContext(read, { selection, env });
  const diagnoses = diagnoseFabric({
    nodes,
    selection,
    reports: logs,
    env,
    errorLines: errorLinesOf(dumped),
  });
  const doubts = dumped.map((node) => doubtsOfOneHost(node.name, node.evidence));
  const interfaces = nodes.map((node, at) => [
    node.name,
    interfaceReasons(node, selection.nodes[at] as NodeFabric),
  ]);
  return {
    name,
    nodes: nodes.map((node, at) => ({
      ...node,
      contradictions: [...node.contradictions, ...(doubts[at] ?? [])],
    })),
    selection,
    interfaces: Object.fromEntries(interfaces),
    verdict: withCaveats(
      gangVerdict(selection, logs, diagnoses),
      nodes.filter((_, at) => doubts[at]?.length !== 0).map(({ name }) => doubtful(name)),
    ),
    logs,
    rejectedEnv: checkEnv(env, nodes),
    diagnoses,
  };
}

function withCaveats({ verdict, because }: GangVerdict, caveats: readonly string[]): GangVerdict {
  return {
    verdict: verdict === 'ok' && caveats.length > 0 ? 'warn' : verdict,
    because: [...because, ...caveats],
  };
}

function doubtful(name: string): string {
  return `the texts of ${name} contradict each other as those of several hosts do: give each host a file of its own, or leave the prompts in`;
}

/** Facts choose; what they leave open is asked of the hosts' own settings, and chosen again with that. */
function chooseFabric(
  dumped: readonly DumpedNode[],
  wish: FabricPolicy,
  logs: readonly ExplainedLog[],
): { nodes: readonly FabricNode[]; selection: FabricSelection } {
  const seen = dumped.map((node) =>
    node.facts === null ? mergeNode(node, node.evidence) : nodeOfFacts(node.name, node.given, node.facts),
  );
  // As a launch would, where every node's agent looked.
  const facts = dumped.every((node) => node.facts !== null)
    ? withMeetingAddresses(seen)
    : withSharedAddresses(seen);
  // Where the agent itself looked, nothing is left open.
  const evidence = dumped.map((node) => (node.facts === null ? node.evidence : []));
  const policy =
    wish.transport !== 'rdma' || refutable(dumped, facts, logs)
      ? wish
      : { ...wish, transport: 'auto' as const };
  const first = selectFabric(facts, policy);
  const nodes = facts.map((node, at) =>
    withNamedDevices(node, first.nodes[at] as NodeFabric, evidence[at] ?? []),
  );
  const second = nodes.some((node, at) => node !== facts[at]) ? selectFabric(nodes, policy) : first;
  const overrides = nodes.map((node, at) => {
    const own = settingsOverride(node, second.nodes[at] as NodeFabric, evidence[at] ?? []);
    return [node.name, { ...own, ...policy.overrides[node.name] }] as const;
  });
  const settled = overrides.some(([, override]) => Object.keys(override).length > 0);
  const last = settled
    ? selectFabric(nodes, { ...policy, overrides: Object.fromEntries(overrides) })
    : second;
  const fabrics = last.nodes.map((fabric, at) =>
    withPinnedGid(nodes[at] as FabricNode, fabric, evidence[at] ?? []),
  );
  return { nodes, selection: { ...last, nodes: fabrics } };
}

/**
 * Whether the wish for RDMA can be refused by what was shown: texts that list no RDMA device, and logs that name no
 * other network, leave it open. An agent that found none has looked.
 */
function refutable(
  dumped: readonly DumpedNode[],
  nodes: readonly FabricNode[],
  logs: readonly ExplainedLog[],
): boolean {
  return (
    dumped.some(({ facts }) => facts !== null) ||
    nodes.some(({ hcas, gpuTopology }) => hcas !== null || gpuTopology !== null) ||
    logs.some(({ report }) => ['socket', 'failed'].includes(report.transport))
  );
}

/** A host of which only a log was posted is known by what the log proves. */
function withLogs(node: DumpedNode, logs: readonly ExplainedLog[]): DumpedNode {
  const seen = node.evidence.some(
    (item) =>
      item.ports.length + item.gids.length + item.netdevs.length + item.devices.length > 0 ||
      item.topo !== null,
  );
  const own = seen ? [] : logs.filter((log) => log.node === node.name);
  return {
    ...node,
    evidence: [...node.evidence, ...own.map((log) => logEvidence(log.file, log.report, log.lines))],
  };
}

/** A log that several nodes share counts once; its host prefix says whose lines they are. */
function logsOf(dumped: readonly DumpedNode[]): ExplainedLog[] {
  const logs = dumped.flatMap(({ name, evidence }) =>
    evidence.filter(({ kind }) => kind === 'log').map((item) => ({ name, item })),
  );
  return [...Map.groupBy(logs, ({ item }) => item.reports)].flatMap(([reports, owners]) => {
    const names = owners.map(({ name }) => name);
    const { path = '', unknown = [] } = owners[0]?.item ?? {};
    return reports.map((report) => ({
      file: path,
      node:
        names.find((name) => isSameName(name, report.host ?? '')) ??
        (names.length === 1 ? (names[0] ?? null) : null),
      report,
      lines: unknown,
    }));
  });
}

function settingsOf(node: DumpedNode): EnvSetting[] {
  const rows = node.evidence.flatMap((item) => item.env);
  const distinct = new Map(rows.map((row) => [`${row.name}=${row.value}`, row]));
  return [...distinct.values()].map((row) => ({ var: row.name, value: row.value, node: node.name }));
}

/** What no parser claimed, and of logs the lines that are not NCCL's own. */
function errorLinesOf(dumped: readonly DumpedNode[]): DiagnoseInput['errorLines'] {
  return dumped.flatMap((node) =>
    node.evidence.flatMap((item) =>
      item.unknown
        .filter((line) => item.kind !== 'log' || !/\bNCCL (INFO|WARN|TRACE)\b/.test(line))
        .map((line) => ({ node: node.name, line })),
    ),
  );
}
