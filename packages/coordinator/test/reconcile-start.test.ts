/** What a gang that starts waits for, and when it serves. */
import type { RankReport } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import type { NodeView } from '../src/nodes/hub.ts';
import type { Situation } from '../src/reconcile/decide.ts';
import { nodeNames } from '../src/reconcile/gang.ts';
import { isServing, startMessage } from '../src/reconcile/serving.ts';
import { actions, attempt, NOW, plan, rank, report, view } from './support/situation.ts';

test('a gang serves when its HTTP answers, or, without HTTP, when all ranks run', async (t) => {
  const loading = [
    { record: rank(0), node: view('gpu-1'), report: report(0, { phase: 'listening' }) },
    { record: rank(1), node: view('gpu-2'), report: report(1) },
  ];
  const [first, second] = loading;
  if (first === undefined || second === undefined) throw new Error('expected two ranks');
  t.notOk(isServing(plan, loading));
  t.ok(isServing(plan, [{ ...first, report: report(0) }, second]));
  t.notOk(
    isServing(plan, [
      { ...first, report: report(0) },
      { ...second, report: null },
    ]),
  );
  const silent = { ...plan, ranks: plan.ranks.map((one) => ({ ...one, health: null })) };
  t.ok(isServing(silent, loading));
  t.notOk(isServing(silent, [first, { ...second, report: report(1, { state: 'prepared' }) }]));
});

test('what everybody waits for while a gang starts', async (t) => {
  const gang = (zero: Partial<RankReport> | null, one: Partial<RankReport> | null) => [
    { record: rank(0), node: view('gpu-1'), report: zero === null ? null : report(0, zero) },
    { record: rank(1), node: view('gpu-2'), report: one === null ? null : report(1, one) },
  ];
  const say = (zero: Partial<RankReport> | null, one: Partial<RankReport> | null) =>
    startMessage(gang(zero, one), NOW - 42_000, NOW, null);
  const waiting = { phase: 'rendezvous', phaseSeconds: { rendezvous: 2 } } as const;
  t.equal(
    say(waiting, { phase: 'starting' }),
    'rank 1 (gpu-2) has not reached rendezvous; rank 0 (gpu-1) waits since 40 s',
  );
  t.equal(say(waiting, null), 'rank 1 (gpu-2) has not reached rendezvous; rank 0 (gpu-1) waits since 40 s');
  t.equal(say(waiting, waiting), 'all ranks in phase rendezvous since 40 s');
  t.equal(
    say({ phase: 'graphs', phaseSeconds: { graphs: 40 } }, { phase: 'weights' }),
    'rank 0 (gpu-1) in phase graphs since 2 s, rank 1 (gpu-2) in weights',
  );
  t.equal(say(null, null), 'waits for the first report of every rank');
});

test('many names are shortened', async (t) => {
  t.equal(nodeNames(['a']), 'a');
  t.equal(nodeNames(['a', 'b', 'a']), 'a and b');
  t.equal(nodeNames(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more');
});

test('a gate opens once every rank waits at it', async (t) => {
  const ports = [{ name: 'gate', address: '10.0.0.1', port: 21000 }];
  const gated = { ...plan, ranks: plan.ranks.map((one) => (one.rank === 0 ? { ...one, ports } : one)) };
  const starting = attempt({ plan: gated, servedAtMs: null });
  const told = { ...starting, ranks: [0, 1].map((i) => rank(i, { toldPhase: 'rendezvous' })) };
  const at = (index: number, more: Partial<RankReport> = {}) =>
    view(`gpu-${index + 1}`, {
      ranks: [report(index, { phase: 'rendezvous', detail: 'waits at the gate', ...more })],
    });
  const open = {
    kind: 'openGate',
    nodeId: 'gpu-1',
    request: { address: '10.0.0.1', port: 21000 },
  } as const;
  const called = (agoMs: number, because: string | null = null) => ({ atMs: NOW - agoMs, because });
  const look = (views: readonly NodeView[], more: Partial<Situation> = {}) =>
    actions({ views, attempt: told, ...more });
  t.strictSame(look([at(0), at(1)]), [open]);
  t.strictSame(look([at(0), at(1, { detail: 'every rank is there' })]), [], 'one is not there yet');
  t.strictSame(look([at(0), at(1, { detail: 'gate open' })]), [], 'it was opened');
  t.strictSame(look([at(0), at(1)], { attempt: { ...told, plan } }), [], 'a plan without a gate');
  t.strictSame(look([at(0), at(1)], { gateCall: called(500) }), [{ kind: 'wake', atMs: NOW + 1500 }]);
  t.strictSame(look([at(0), at(1)], { gateCall: called(2000) }), [open], 'asked again');
  const cut = { ...at(0), sessionId: null };
  t.strictSame(look([cut, at(1)]), [], 'nobody to ask');
  const failed = look([at(0), at(1, { state: 'exited', exitCode: 1 })]);
  t.match(failed, [{ kind: 'end', ending: { cause: 'rank-failed', rank: 1 } }, { kind: 'tell' }]);

  const gang = (views: readonly NodeView[]) =>
    told.ranks.map((record, i) => ({ record, node: views[i] ?? null, report: views[i]?.ranks[0] ?? null }));
  const say = (views: readonly NodeView[], because: string | null) =>
    startMessage(gang(views), NOW - 4_000, NOW, called(500, because));
  t.match(say([at(0), at(1)], null), /^all ranks wait at the gate since \d s$/);
  t.match(
    say([at(0), at(1)], 'ECONNREFUSED'),
    /^all ranks wait at the gate since \d s; the gate does not open: ECONNREFUSED$/,
  );
  t.match(say([at(0), at(1, { detail: null })], 'ECONNREFUSED'), /^rank 0 \(gpu-1\) waits at the gate, /);
});
