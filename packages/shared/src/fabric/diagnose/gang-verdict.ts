/** Whether a gang works as it is: from what can be selected and from what its logs show. */
import type { FabricSelection } from '../model.ts';
import type { FabricCategory } from './categories.ts';
import type { FabricDiagnosis, NodeReport } from './model.ts';

export interface GangVerdict {
  /** `warn` = it works with per-node values or a caveat; `refuse` = it cannot work as it is. */
  readonly verdict: FabricSelection['verdict'];
  readonly because: readonly string[];
}

/** Joins selection, logs and diagnoses. A setting that is merely wrong on paper does not change the verdict. */
export function gangVerdict(
  selection: FabricSelection,
  reports: readonly NodeReport[],
  diagnoses: readonly FabricDiagnosis[],
): GangVerdict {
  const fatal = diagnoses.filter((item) => item.confidence === 'high' && hopeless.includes(item.category));
  const refusals = [...selection.refusals.map((item) => item.because), ...fatal.map((item) => item.cause)];
  if (refusals.length > 0) return { verdict: 'refuse', because: refusals };
  // Without facts there is only what was diagnosed; with them, a setting that is wrong on paper is not in force.
  const telling = selection.verdict === 'unknown' ? ['high', 'medium'] : ['high'];
  const logged = diagnoses.filter((item) => telling.includes(item.confidence)).map((item) => item.cause);
  const said = reportWarnings(reports).filter((warning) => !isTold(warning, selection.warnings));
  const open =
    selection.verdict === 'unknown'
      ? [...selection.warnings, ...reports.filter(isNameless).map(openHcas)]
      : [];
  if (open.length > 0 && logged.length === 0)
    return { verdict: 'unknown', because: [...new Set([...open, ...said])] };
  const warnings = [...selection.warnings, ...said, ...logged];
  if (warnings.length > 0) return { verdict: 'warn', because: [...new Set(warnings)] };
  const withoutInterface = openControl(selection);
  if (selection.transport === 'tcp' && withoutInterface.length > 0)
    return { verdict: 'unknown', because: withoutInterface };
  const proven =
    reports.length > 0 && reports.every(({ report }) => !['failed', 'unknown'].includes(report.transport));
  const verdict = selection.verdict === 'unknown' && proven ? 'ok' : selection.verdict;
  return {
    verdict,
    because: verdict === 'ok' ? withoutInterface.map((because) => `for the HCAs; ${because}`) : [],
  };
}

/** RDMA works there by its log, which says nothing of the fabric: a log begun too late, or filtered. */
function isNameless({ report: { transport, devicesUsed } }: NodeReport): boolean {
  return transport === 'verbs' && devicesUsed.length === 0;
}

function openHcas({ node, report }: NodeReport): string {
  return `${node ?? report.host ?? 'the log'}: RDMA is in use (NET/IB), and no line names an HCA: give the log from its start, with NCCL’s line \`NET/IB : Using\`, or ibdev2netdev and show_gids`;
}

/** What differs between the nodes is told once: by selection, which names the values to use. */
function isTold(warning: string, warnings: readonly string[]): boolean {
  return differences.some(
    ([said, told]) => warning.startsWith(said) && warnings.some((other) => other.startsWith(told)),
  );
}

/** How logs and selection begin to tell the same difference. */
const differences = [
  ['bootstrap runs on', 'the control interface differs'],
  ['the nodes use different HCAs', 'HCA names differ'],
] as const;

/** Which interface joins the hosts was not shown. */
function openControl({ nodes }: FabricSelection): string[] {
  const open = nodes.filter(({ controlInterface }) => controlInterface === null).map(({ node }) => node);
  return open.length === 0
    ? []
    : [`no control interface of ${open.join(', ')} was shown: paste \`ip addr\` and \`ip route\` too`];
}

/** No setting of a rank repairs these. */
const hopeless: readonly FabricCategory[] = ['fabric-partition', 'version-mismatch'];

function reportWarnings(reports: readonly NodeReport[]): string[] {
  const hosts = reports.map(({ node, report }) => ({ name: node ?? report.host ?? '?', report }));
  const spread = (what: string, value: (item: (typeof hosts)[number]) => string | null): string[] => {
    const shown = hosts.flatMap((item) => (value(item) === null ? [] : [`${item.name} ${value(item)}`]));
    const values = new Set(hosts.flatMap((item) => value(item) ?? []));
    return values.size < 2 ? [] : [`${what}: ${shown.join('; ')}`];
  };
  return [
    ...spread(
      'bootstrap runs on interfaces of different names, one value cannot serve all',
      ({ report }) => report.oobIfname,
    ),
    ...spread('the nodes use different HCAs', ({ report }) =>
      report.devicesUsed.length === 0 ? null : [...report.devicesUsed].sort().join(','),
    ),
    ...spread('the nodes use different networks', ({ report }) => report.network),
    ...hosts.flatMap(({ name, report }) =>
      report.unknownWarnings.map(
        ({ line }) => `${name}: NCCL warns, and no rule knows it: ${line.slice(0, 500)}`,
      ),
    ),
    ...hosts
      .filter(({ report }) => report.oobIfname === 'lo')
      .map(({ name }) => `${name} bootstraps on lo: right only where the host’s routable address is there`),
  ];
}
