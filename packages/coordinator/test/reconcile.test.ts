/** The decisions, one question at a time. */

import { readLines } from '@dsr1/shared/diagnose/attempt';
import { packReading } from '@dsr1/shared/diagnose/packed';
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import { test } from 'tap';
import { simFacts } from '../../../test/sim/sim-facts.ts';
import type { NodeView } from '../src/nodes/hub.ts';
import type { Situation } from '../src/reconcile/decide.ts';
import {
  type AttemptRecord,
  type DeploymentRecord,
  defaultPolicy,
  type EndCause,
  type PastAttempt,
  type RankRecord,
} from '../src/reconcile/model.ts';
import { judge } from '../src/reconcile/relaunch.ts';
import {
  actions,
  attempt,
  deployment,
  ending,
  NOW,
  plan,
  rank,
  report,
  spec,
  view,
} from './support/situation.ts';

const head = view('gpu-1', { ranks: [report(0)] });

test('a gang that serves needs nothing', async (t) => {
  t.strictSame(actions({}), []);
});

test('silence is no evidence', async (t) => {
  const silent: Readonly<Record<string, Partial<NodeView>>> = {
    'cut session': { sessionId: null, state: 'suspect', ranks: [report(1)] },
    'lost for long': { sessionId: null, state: 'lost', ranks: [report(1)] },
    'not heard since the coordinator started': { sessionId: null, state: 'lost', reported: false, ranks: [] },
    'not heard, and another boot id is stored': {
      sessionId: null,
      reported: false,
      ranks: [],
      bootId: 'boot-2',
    },
    'cut, and its report is gone': { sessionId: null, state: 'suspect', ranks: [] },
  };
  for (const [name, more] of Object.entries(silent)) {
    const done = actions({ views: [head, view('gpu-2', more)] });
    t.strictSame(
      done.map(({ kind }) => kind),
      ['settle'],
      name,
    );
    t.match(
      done,
      [{ state: 'serving', message: 'serving; gpu-2 is silent, its ranks are left alone' }],
      name,
    );
  }
});

test('what is certain ends the attempt, the weightiest cause first', async (t) => {
  const exited = report(1, { state: 'exited', exitCode: 0, evidence: ['last line'] });
  const cases: readonly (readonly [EndCause, RegExp, readonly NodeView[]])[] = [
    [
      'rank-failed',
      /rank 1 \(gpu-2\) failed while serving: ended with exit code 0/,
      [head, view('gpu-2', { ranks: [exited] })],
    ],
    [
      'rank-failed',
      /signal SIGKILL/,
      [head, view('gpu-2', { ranks: [report(1, { state: 'exited', exitSignal: 'SIGKILL' })] })],
    ],
    [
      'rank-failed',
      /failed while serving: too slow/,
      [
        view('gpu-1', {
          ranks: [report(0, { failure: { code: 'PHASE_DEADLINE', message: 'too slow', hint: null } })],
        }),
        view('gpu-2', { ranks: [report(1)] }),
      ],
    ],
    ['rank-vanished', /gpu-2 no longer knows rank 1/, [head, view('gpu-2')]],
    ['node-rebooted', /gpu-2 was rebooted/, [head, view('gpu-2', { bootId: 'boot-2' })]],
    [
      'node-rebooted',
      /gpu-2 was rebooted/,
      [view('gpu-1', { ranks: [report(0, { state: 'exited' })] }), view('gpu-2', { bootId: 'boot-2' })],
    ],
    ['node-removed', /gpu-2 was removed/, [head]],
  ];
  for (const [cause, message, views] of cases) {
    t.match(actions({ views })[0], { kind: 'end', ending: { cause, message } }, `${cause}`);
  }
  t.match(actions({ views: [head, view('gpu-2', { ranks: [exited] })] })[0], {
    ending: { evidence: ['last line'] },
  });
});

test('a port that was lost after its check is the cause, whichever rank ended first', async (t) => {
  const own = plan.ranks[0]?.ports[0]?.port ?? 0;
  const said = (line: string) => packReading(readLines('rank0', [line]), 1, (text) => text);
  const ended = (line: string, served = false) =>
    actions({
      attempt: attempt({ servedAtMs: served ? NOW : null }),
      views: [
        view('gpu-1', { ranks: [report(0, { phase: 'rendezvous', readings: [said(line)] })] }),
        view('gpu-2', { ranks: [report(1, { state: 'exited', phase: 'rendezvous' })] }),
      ],
    })[0];
  t.match(ended(`port: ${own}, useIpv6: 0, code: -98, name: EADDRINUSE`), {
    kind: 'end',
    ending: {
      cause: 'port-taken',
      rank: 0,
      message: /rank 0 \(gpu-1\) failed in phase rendezvous: a port was taken after its check: port: /,
      failure: { code: 'PORT_TAKEN', takenPorts: [own] },
    },
  });
  t.match(ended('zmq.error.ZMQError: Address already in use'), {
    ending: { cause: 'port-taken', failure: { takenPorts: undefined } },
  });
  t.match(ended(`Port ${own}9 is already in use, trying port 1`), {
    ending: { cause: 'rank-failed', rank: 1 },
  });
  t.match(
    ended(`port: ${own}, name: EADDRINUSE`, true),
    { ending: { cause: 'rank-failed' } },
    'it had its ports',
  );
});

test('a fresh rank may take a moment to be reported', async (t) => {
  const fresh = attempt({ commitAtMs: NOW - 1_000, servedAtMs: null });
  const done = actions({
    attempt: fresh,
    deployment: deployment({ state: 'starting' }),
    views: [head, view('gpu-2')],
  });
  t.strictSame(
    done.map(({ kind }) => kind),
    ['wake'],
  );
});

test('prepare waits for nodes that were not heard yet, and is given up when one went away', async (t) => {
  const preparing = attempt({
    step: 'preparing',
    commitAtMs: null,
    servedAtMs: null,
    ranks: [rank(0, { bootId: null, committed: false }), rank(1, { bootId: null, committed: false })],
  });
  const input = { attempt: preparing, deployment: deployment({ state: 'preparing' }) };
  t.strictSame(actions({ ...input, views: [view('gpu-1'), view('gpu-2')] }), [{ kind: 'prepare' }]);
  t.match(
    actions({ ...input, views: [view('gpu-1'), view('gpu-2', { reported: false, sessionId: null })] }),
    [{ kind: 'settle', message: 'waits for gpu-2 to report' }],
  );
  t.match(actions({ ...input, views: [view('gpu-1'), view('gpu-2', { sessionId: null })] }), [
    { kind: 'end', ending: { cause: 'interrupted' } },
  ]);
});

test('a rehearsal is begun once, told while it runs, and decides whether ranks start', async (t) => {
  const rehearsing = attempt({
    step: 'rehearsing',
    commitAtMs: null,
    servedAtMs: null,
    ranks: [rank(0, { committed: false }), rank(1, { committed: false })],
  });
  const prepared = (index: number) => report(index, { state: 'prepared', phase: 'starting' });
  const both = [view('gpu-1', { ranks: [prepared(0)] }), view('gpu-2', { ranks: [prepared(1)] })];
  const check = (state: CheckReport['state'], message = '', findings: CheckReport['findings'] = []) => ({
    kind: 'check' as const,
    report: { id: 'c', state, message, nodes: [], ends: [], pairs: [], findings } as unknown as CheckReport,
  });
  const first = (
    rehearsal: Situation['rehearsal'],
    views: readonly NodeView[] = both,
    more: Partial<DeploymentRecord> = {},
  ) =>
    actions({
      attempt: rehearsing,
      deployment: deployment({ state: 'rehearsing', ...more }),
      rehearsal,
      views,
    })[0];
  t.match(first(null), { kind: 'rehearse' }, 'also by a coordinator that took over in the middle');
  t.match(first(check('running', 'round 1 of 3: gpu-1 with gpu-2')), {
    kind: 'settle',
    state: 'rehearsing',
    message: 'round 1 of 3: gpu-1 with gpu-2',
  });
  t.match(first(check('done')), { kind: 'rehearsed', passed: true, check: 'c' });
  t.match(first({ kind: 'proven' }), { kind: 'rehearsed', passed: true, check: null });
  t.match(first(check('failed', 'no room')), {
    kind: 'rehearsed',
    passed: false,
    message: /incomplete: no room/,
  });
  const culprit = { kind: 'node', nodes: ['gpu-2'], rail: null, device: null } as const;
  const broken = {
    severity: 'error' as const,
    category: 'no-link',
    culprit: { ...culprit, nodes: [...culprit.nodes] },
    cause: 'gpu-2 is not connected',
    evidence: [],
    fix: 'look at its cable',
  };
  t.match(first(check('done', '', [broken])), {
    kind: 'end',
    ending: { cause: 'rehearsal-failed', rank: 1, failure: { hint: 'look at its cable' } },
  });
  t.match(first(check('done', '', [broken]), both, { spec: { ...spec, network: { rehearse: 'warn' } } }), {
    kind: 'rehearsed',
    passed: false,
  });
  const running = check('running', 'round 1 of 1');
  t.match(first(running, both, { desired: 'stopped' }), { kind: 'end', ending: { cause: 'operator' } });
  t.match(first(running, [view('gpu-1'), view('gpu-2', { sessionId: null })]), {
    kind: 'end',
    ending: { cause: 'interrupted', message: 'gpu-2 went away before its rank was started' },
  });
  t.match(first(running, [view('gpu-1'), view('gpu-2', { reported: false, sessionId: null })]), {
    kind: 'settle',
    state: 'rehearsing',
    message: 'waits for gpu-2 to report',
  });
  t.match(
    first(running, [view('gpu-1'), view('gpu-2', { bootId: 'boot-2' })]),
    { ending: { cause: 'node-rebooted' } },
    'what is certain ends it as in any other step',
  );
});

test('commit is repeated to those who have not confirmed, then given up', async (t) => {
  const committing = (ageMs: number) =>
    attempt({
      step: 'committing',
      commitAtMs: NOW - ageMs,
      servedAtMs: null,
      ranks: [rank(0), rank(1, { committed: false })],
    });
  const both = [
    view('gpu-1', { ranks: [report(0)] }),
    view('gpu-2', { ranks: [report(1, { state: 'prepared', phase: 'starting' })] }),
  ];
  const first = (ageMs: number, views: readonly NodeView[]) =>
    actions({ attempt: committing(ageMs), views })[0];
  t.match(first(100, both), { kind: 'commit', ranks: [1] });
  t.match(first(31_000, both), {
    kind: 'end',
    ending: { cause: 'interrupted', message: /gpu-2 did not confirm the start within 30 s/ },
  });
  t.match(
    first(31_000, [head, view('gpu-2', { ranks: [report(1)] })]),
    { kind: 'commit', ranks: [1] },
    'it runs: only the answer was lost',
  );
  t.match(first(31_000, [head, view('gpu-2', { reported: false, sessionId: null })]), {
    kind: 'settle',
    message: 'waits for gpu-2 to report',
  });
});

test('stops are owed until they are confirmed and seen', async (t) => {
  const over = (one: Partial<RankRecord>, two: Partial<RankRecord>) =>
    attempt({ ending: ending('rank-failed'), endedAtMs: NOW - 60_000, ranks: [rank(0, one), rank(1, two)] });
  const acknowledged = { stopAcknowledged: true, stopSentAtMs: NOW - 60_000 };
  const stopped = [
    view('gpu-1', { ranks: [report(0, { state: 'stopped' })] }),
    view('gpu-2', { ranks: [report(1, { state: 'exited' })] }),
  ];
  const first = (record: AttemptRecord, views: readonly NodeView[]) => actions({ attempt: record, views })[0];
  t.match(
    first(over({}, {}), stopped),
    { kind: 'stop', ranks: [0, 1] },
    'also to those that ended by themselves: the tombstone counts',
  );
  t.match(first(over(acknowledged, acknowledged), stopped), {
    kind: 'close',
    ending: { cause: 'rank-failed' },
  });
  t.match(
    first(over(acknowledged, acknowledged), [head, view('gpu-2')]),
    { kind: 'stop', ranks: [0] },
    'confirmed, yet it still shows as running',
  );
  t.match(
    first(over(acknowledged, { stopSentAtMs: NOW - 60_000 }), [
      view('gpu-1'),
      view('gpu-2', { sessionId: null }),
    ]),
    { kind: 'settle', state: 'waiting', message: /waits for gpu-2 to stop its rank/ },
    'sent, never confirmed',
  );
  t.match(
    first(over(acknowledged, acknowledged), [
      view('gpu-1'),
      view('gpu-2', { reported: false, sessionId: null }),
    ]),
    { kind: 'settle' },
    'what the node runs is not known yet',
  );
  t.match(first(over(acknowledged, {}), [view('gpu-1')]), { kind: 'close' }, 'a removed node is fenced');
  const older = view('gpu-2', { ranks: [report(1, { epoch: 0 })] });
  t.match(
    first(attempt({ ...over(acknowledged, acknowledged), epoch: 1 }), [view('gpu-1'), older]),
    { kind: 'stop', ranks: [1] },
    'an older epoch still runs there',
  );
  const young = { stopAcknowledged: false, stopSentAtMs: NOW - 100 };
  t.match(
    first(over(acknowledged, young), [view('gpu-1'), view('gpu-2')]),
    { kind: 'settle' },
    'no storm of stops',
  );
});

test('a reboot that is learned last is the cause', async (t) => {
  const acknowledged = { stopAcknowledged: true, stopSentAtMs: NOW - 60_000 };
  const over = (cause: EndCause) =>
    attempt({
      ending: ending(cause, { rank: 0 }),
      endedAtMs: NOW,
      ranks: [rank(0, acknowledged), rank(1, acknowledged)],
    });
  const views = [view('gpu-1'), view('gpu-2', { bootId: 'boot-2' })];
  t.match(actions({ attempt: over('rank-failed'), views }), [
    { kind: 'close', ending: { cause: 'node-rebooted', message: 'node gpu-2 was rebooted' } },
  ]);
  t.match(actions({ attempt: over('operator'), views }), [{ kind: 'close', ending: { cause: 'operator' } }]);
});

test('the next attempt waits for all its nodes with the facts of their present boot', async (t) => {
  const closed = attempt({ ending: ending('node-rebooted'), endedAtMs: NOW - 1, closed: true });
  const first = (two: Partial<NodeView> | null) =>
    actions({
      attempt: closed,
      past: [past('node-rebooted', 1)],
      deployment: deployment({ state: 'stopping' }),
      views: [view('gpu-1'), ...(two === null ? [] : [view('gpu-2', two)])],
    })[0];
  t.match(
    first({ bootId: 'boot-2' }),
    { kind: 'settle', state: 'waiting', message: 'waits for gpu-2' },
    'old facts',
  );
  t.match(first({ sessionId: null }), { kind: 'settle', message: 'waits for gpu-2' });
  t.match(first({ bootId: 'boot-2', facts: simFacts('gpu-2', 'boot-2') }), { kind: 'plan' });
  t.match(
    first({ sessionId: null, cordoned: true }),
    { kind: 'plan' },
    'another may take the rank of a cordoned node',
  );
  t.match(first(null), { kind: 'plan' }, 'and of a removed one');
});

const past = (cause: EndCause, agoSeconds: number, servedSeconds: number | null = 60): PastAttempt => ({
  epoch: 1,
  cause,
  endedAtMs: NOW - agoSeconds * 1000,
  servedAtMs: servedSeconds === null ? null : NOW - (agoSeconds + servedSeconds) * 1000,
});

test('the restart policy', async (t) => {
  const verdict = (history: readonly PastAttempt[], more: Partial<DeploymentRecord> = {}) => {
    const [last] = history;
    if (last === undefined) throw new Error('a verdict needs an ended attempt');
    const over = attempt({
      ending: ending(last.cause),
      endedAtMs: last.endedAtMs,
      servedAtMs: last.servedAtMs,
      closed: true,
    });
    const given = judge(deployment({ startedAtMs: 0, ...more }), over, history, defaultPolicy);
    return given.kind === 'fail' ? 'fail' : given.notBeforeMs - last.endedAtMs;
  };
  t.equal(verdict([past('rank-failed', 0, null)]), 'fail', 'never served');
  t.equal(verdict([past('refused', 0, null)]), 'fail', 'never prepared');
  t.equal(verdict([past('rank-failed', 0, 3600)]), 0, 'was stable: at once');
  t.equal(verdict([past('rank-failed', 0)]), 1_000);
  t.equal(verdict([past('rank-failed', 0), past('rank-failed', 100)]), 2_000);
  t.equal(verdict([past('rank-failed', 0), past('rank-failed', 100), past('rank-failed', 200)]), 4_000);
  const four = [0, 100, 200, 300].map((ago) => past('rank-failed', ago));
  t.equal(verdict(four), 'fail', 'over the budget');
  t.equal(verdict(four, { startedAtMs: NOW - 150_000 }), 2_000, 'the operator started it since');
  t.equal(verdict(four, { spec: { ...spec, restart: { maxAttempts: 4 } } }), 8_000, 'its own budget');
  t.equal(
    verdict([
      past('rank-failed', 0),
      past('rank-failed', 700),
      past('rank-failed', 800),
      past('rank-failed', 900),
    ]),
    8_000,
    'old ones are outside the window',
  );
  t.equal(verdict([past('node-rebooted', 0), ...four]), 0, 'a reboot is nobody’s fault');
  t.equal(verdict([past('interrupted', 0, null), past('interrupted', 100, null)]), 2_000);
  t.equal(
    verdict([past('refused', 0, null), past('node-rebooted', 100)]),
    1_000,
    'it has served before: a mount may be late after a reboot',
  );
  t.equal(verdict([past('rehearsal-failed', 0, null)]), 'fail', 'its network never carried it');
  t.equal(verdict([past('rehearsal-failed', 0, null), past('rank-failed', 100)]), 0, 'it did once');
  const outage = [0, 10, 20, 30, 40, 50].map((ago) => past('rehearsal-failed', ago, null));
  t.equal(verdict([...outage, past('rank-failed', 100)]), 32_000, 'tried for as long as it takes');
  t.equal(verdict([past('facts-changed', 0, null)]), 0, 'planned again at once');
  t.equal(verdict([past('port-taken', 0, null)]), 0);
  const refusal = (takenPorts?: readonly number[]) => ({
    ...ending('port-taken'),
    rank: 0,
    failure: { code: 'PORT_TAKEN', message: 'in use', hint: null, ...(takenPorts ? { takenPorts } : {}) },
  });
  const avoided = (takenPorts?: readonly number[]) => {
    const over = attempt({ ending: refusal(takenPorts), endedAtMs: NOW, closed: true, avoidPorts: [7] });
    const given = judge(deployment({ startedAtMs: 0 }), over, [past('port-taken', 0, null)], defaultPolicy);
    return given.kind === 'relaunch' ? given.avoidPorts : given;
  };
  const port = plan.ranks[0]?.ports[0]?.port ?? 0;
  t.same(avoided([port]), [7, port], 'exactly the port that the node named, be it the endpoint');
  t.notMatch(avoided(), [7, port], 'without a name the endpoint is kept at first');
  t.equal(verdict(Array.from({ length: 6 }, (_, i) => past('port-taken', i, null))), 'fail');
});
