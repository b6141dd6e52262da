/** From the matrix of pair tests to the broken thing: which node, cable, switch side or path, and in which layer. */
import { type Cut, cutsOf, type PairOutcome } from './cut.ts';
import { type CheckEnd, type CheckFinding, type PairResult, pathName } from './model.ts';
import { advise, type Symptom } from './symptom.ts';

/** Symptoms of several rails that have one culprit become one finding. */
export function judgePairs(pairs: readonly PairResult[], ends: readonly CheckEnd[]): CheckFinding[] {
  const symptoms = [...Map.groupBy(pairs, ({ rail }) => rail)].flatMap(([rail, results]) =>
    cutsOf(outcomes(results)).map((cut) => ({ rail, cut, results: concerning(results, cut) })),
  );
  const seen = symptoms.map((item) => ({ ...item, symptom: symptomOf(item.results, item.rail) }));
  return [...untested(pairs), ...together(seen, ends)];
}

/** A pair that could not be tested is not well: it is not known. */
function untested(pairs: readonly PairResult[]): CheckFinding[] {
  return pairs
    .filter(({ test, outcome }) => test === 'tcp' && outcome === 'untested')
    .map(({ from, to, detail }) => ({
      severity: 'error',
      category: 'untested',
      culprit: { kind: 'path', nodes: [from, to], rail: null, device: null },
      cause: `${from} to ${to} could not be tested: ${detail}`,
      evidence: [],
      fix: 'look at `journalctl -u dsr1-agent` on both nodes, and run the check again',
    }));
}

interface Seen {
  readonly rail: number | null;
  readonly cut: Cut;
  readonly results: readonly PairResult[];
  readonly symptom: Symptom;
}

function together(seen: readonly Seen[], ends: readonly CheckEnd[]): CheckFinding[] {
  return [...Map.groupBy(seen, ({ cut, symptom }) => JSON.stringify([cut, symptom])).values()].flatMap(
    (group) => {
      const [first] = group;
      if (first === undefined) return [];
      const rails = group.flatMap(({ rail }) => rail ?? []);
      return [
        finding(
          first.cut,
          first.symptom,
          rails,
          group.flatMap(({ results }) => results),
          ends,
        ),
      ];
    },
  );
}

/** A pair works when no test of it failed, whoever dialled; what could not be tested says nothing. */
function outcomes(results: readonly PairResult[]): PairOutcome[] {
  const said = results.filter(({ outcome, test }) => outcome !== 'untested' && test !== 'link');
  const groups = Map.groupBy(said, ({ from, to }) => [from, to].toSorted().join('\n'));
  return [...groups].map(([key, own]) => {
    const [a = '', b = ''] = key.split('\n');
    return { nodes: [a, b], ok: own.every(({ outcome }) => outcome === 'pass') };
  });
}

/** The tests that a cut explains: those that cross it. */
const concerning = (results: readonly PairResult[], cut: Cut): PairResult[] =>
  results.filter(({ from, to }) => crosses(cut, from, to));

function crosses(cut: Cut, from: string, to: string): boolean {
  switch (cut.kind) {
    case 'all':
      return true;
    case 'nodes':
      return cut.nodes.includes(from) || cut.nodes.includes(to);
    case 'pair':
      return cut.nodes.includes(from) && cut.nodes.includes(to);
    case 'groups':
      return cut.groups.some((group) => group.includes(from) !== group.includes(to));
  }
}

/** The lowest layer that fails is the one to repair. */
function symptomOf(results: readonly PairResult[], rail: number | null): Symptom {
  const failed = (test: PairResult['test']): PairResult[] =>
    results.filter((result) => result.test === test && result.outcome === 'fail');
  // Linux answers ARP for any of its addresses on any interface, so crossed cables may well carry TCP.
  const links = results.filter(({ test, reachedRails }) => test === 'link' && reachedRails.length > 0);
  if (links.some(({ reachedRails }) => !reachedRails.includes(rail ?? -1))) return { kind: 'crossed' };
  const tcp = failed('tcp');
  if (tcp.length > 0) return linkSymptom(results, tcp);
  if (failed('mtu').length > 0) return { kind: 'mtu' };
  if (failed('verbs').every(flows)) return { kind: 'stalls' };
  const lost = failed('verbs').map(lossOf);
  const ways = new Set(lost.filter((way) => way !== null).map((way) => way.join(' > ')));
  const [one] = ways;
  return { kind: 'verbs', oneWay: ways.size === 1 && one !== undefined ? one : null };
}

function linkSymptom(results: readonly PairResult[], tcp: readonly PairResult[]): Symptom {
  const links = results.filter(({ test, outcome }) => test === 'link' && outcome !== 'untested');
  if (links.length > 0 && links.every(({ reachedRails }) => reachedRails.length === 0))
    return { kind: 'no-link' };
  const all = results.filter(({ test }) => test === 'tcp');
  return { kind: tcp.length < all.length ? 'some-ports' : 'no-ip', link: links.length > 0 };
}

/** Packets that left and never came, by the ports' own counters: who sent, who did not hear. */
function lossOf({ from, to, packets }: PairResult): readonly [string, string] | null {
  if (packets === null) return null;
  if ((packets.from.sent ?? 0) > 0 && packets.to.received === 0) return [from, to];
  if ((packets.to.sent ?? 0) > 0 && packets.from.received === 0) return [to, from];
  return null;
}

const flows = ({ packets }: PairResult): boolean =>
  (packets?.from.received ?? 0) > 0 && (packets?.to.received ?? 0) > 0;

function finding(
  cut: Cut,
  symptom: Symptom,
  rails: readonly number[],
  results: readonly PairResult[],
  ends: readonly CheckEnd[],
): CheckFinding {
  const rail = rails.length === 1 ? (rails[0] ?? null) : null;
  const paths = rails.length === 0 ? [pathName(null)] : rails.map(pathName);
  const nodes = cut.kind === 'groups' ? cut.groups.flat() : cut.nodes;
  const own = cut.kind === 'nodes' ? ends.filter((end) => nodes.includes(end.node) && end.rail === rail) : [];
  const advice = advise(cut, symptom, paths.join(' and '));
  const shown = results.filter(
    ({ outcome, test }) => outcome === 'fail' || (test === 'link' && outcome === 'pass'),
  );
  return {
    severity: 'error',
    category: advice.category,
    culprit: { kind: advice.culprit, nodes: [...nodes], rail, device: own[0]?.device ?? null },
    cause: advice.cause,
    evidence: shown.slice(0, MAX_EVIDENCE).map(evidenceOf),
    fix: advice.fix,
  };
}

const MAX_EVIDENCE = 8;

function evidenceOf({ from, to, rail, test, tool, detail, packets }: PairResult): string {
  const count = ({ sent, received }: { sent: number | null; received: number | null }): string =>
    `sent ${sent ?? '?'}, received ${received ?? '?'}`;
  const counted =
    packets === null ? '' : `; RDMA packets: ${from} ${count(packets.from)}; ${to} ${count(packets.to)}`;
  return `${from} > ${to} on ${pathName(rail)}, ${tool ?? test}: ${detail}${counted}`;
}
