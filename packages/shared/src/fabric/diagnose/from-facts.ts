/** What facts, plan and settings say, whether or not a line complains. */
import { usableGids } from '../select/gid.ts';
import { portFault } from '../select/port-rules.ts';
import { viewNode } from '../select/view.ts';
import { type FabricCategory, fabricCategories } from './categories.ts';
import { checkEnv } from './check-env.ts';
import { hasRange } from './env-range.ts';
import { type Finding, finding } from './finding.ts';
import type { DiagnoseInput } from './model.ts';

/** Findings from everything but the lines of the logs. */
export function factFindings(input: DiagnoseInput): Finding[] {
  return [
    ...refusals(input),
    ...rejected(input),
    ...unusualTables(input),
    ...steeredGids(input),
    ...pinnedGids(input),
  ];
}

function refusals({ selection }: DiagnoseInput): Finding[] {
  return (selection?.refusals ?? []).flatMap(({ node, category, because, fix }) =>
    isCategory(category)
      ? [finding(category, 'medium', [{ node, text: because }], { cause: because, fix })]
      : [],
  );
}

function rejected({ env, nodes }: DiagnoseInput): Finding[] {
  return checkEnv(env, nodes).map((item) => {
    const text = `${item.var}=${item.value}`;
    const fix = hasRange(item.var) ? { fix: `unset ${item.var}, or give it a value of its range` } : {};
    return finding(item.category, 'medium', [{ node: item.node, text }], {
      cause: `${text}: ${item.because}`,
      ...fix,
    });
  });
}

/** Tables in which the habitual index 3 is not the RoCE v2 row of an address; where it is, there is nothing to tell. */
function unusualTables({ nodes }: DiagnoseInput): Finding[] {
  const odd = nodes.flatMap((node) => {
    const view = viewNode(node);
    return view.ports.flatMap((port) => {
      const table = port.facts?.gids ?? [];
      if (
        table.length === 0 ||
        port.layer === 'ib' ||
        (portFault(view, port) !== null && table.every((row) => row.ipv4 === null))
      )
        return [];
      const rows = usableGids(view, port).map((row) => row.index);
      const first = Math.min(...table.map((row) => row.index));
      // The kernel writes the v1 row of an address beside its v2 row: a list without any was shortened.
      const whole = table.some((row) => row.version !== 2);
      return rows.includes(usual)
        ? []
        : [{ node: node.name, port: port.key, rows, first, sparse: whole && first > 0 }];
    });
  });
  const sparse = odd.filter((item) => item.sparse);
  const evidence = (items: typeof odd) =>
    items.slice(0, 8).map(({ node, port, rows, first }) => ({
      node,
      text: `${port}: RoCE v2 at row ${rows.join(', ') || 'none seen'}, the first row shown is ${first}`,
    }));
  const shifted = odd.filter((item) => item.rows.length > 0 || item.sparse);
  const hosts = [...new Set(shifted.map(({ node }) => node))].join(', ');
  return [
    ...(sparse.length === 0
      ? []
      : [
          finding('gid-read-failed', 'low', evidence(sparse), {
            precaution: true,
            cause: `the GID table that was shown begins at row ${Math.min(...sparse.map(({ first }) => first))}: in a container the rows before it may belong to other namespaces, and reading them fails`,
          }),
        ]),
    ...(shifted.length === 0
      ? []
      : [
          finding('wrong-gid', 'low', evidence(shifted), {
            precaution: true,
            cause: `row ${usual}, which most guides name, is not shown as a RoCE v2 row of an address of ${hosts}`,
          }),
        ]),
  ];
}

const usual = 3;

/** Settings that exist only to steer the choice of a GID, or that give roles different rows. */
function steeredGids({ env }: DiagnoseInput): Finding[] {
  const steering = env.filter((item) =>
    /^NCCL_IB_(?:ADDR_RANGE|ADDR_FAMILY|ROCE_VERSION_NUM)$/.test(item.var),
  );
  const perRole = env.filter((item) => /(?:^|_)GID(?:_INDEX)?$/.test(item.var) && /^\d+$/.test(item.value));
  const differ = new Set(perRole.map((item) => item.value)).size > 1;
  const shown = [...(differ ? perRole : []), ...steering];
  if (shown.length === 0) return [];
  const cause = differ
    ? 'the nodes need different GID rows: one value for all is wrong on some'
    : 'the GID rows differ between ports, and these settings steer NCCL’s own choice';
  return [
    finding(
      'wrong-gid',
      differ ? 'medium' : 'low',
      shown.map((item) => ({ node: item.node, text: `${item.var}=${item.value}` })),
      { cause },
    ),
  ];
}

/** A pinned row on an NCCL that would find it: right until an address or VLAN moves the table. */
function pinnedGids({ reports, selection }: DiagnoseInput): Finding[] {
  const pinned = reports.filter(
    ({ report }) =>
      /^\d+$/.test(report.env.NCCL_IB_GID_INDEX ?? '') &&
      report.transport !== 'ib' &&
      report.transport !== 'socket',
  );
  if (pinned.length === 0 || selection?.transport === 'ib') return [];
  const evidence = pinned.map(({ node, report }) => ({
    node: node ?? report.host,
    text: `NCCL_IB_GID_INDEX set by environment to ${report.env.NCCL_IB_GID_INDEX}`,
  }));
  return [
    finding('wrong-gid', 'low', evidence, {
      precaution: true,
      cause: 'a GID row is pinned; rows move when addresses or VLANs change, also while hosts run',
    }),
  ];
}

function isCategory(text: string): text is FabricCategory {
  return (fabricCategories as readonly string[]).includes(text);
}
