import type { CommandResult } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { createGates } from '../src/deployments/gates.ts';
import { toSummary } from '../src/deployments/views.ts';
import { attempt, deployment, NOW, report, view } from './support/situation.ts';

const request = { address: '10.0.0.1', port: 21_001 };
const action = { kind: 'openGate', nodeId: 'gpu-1', request } as const;

/** Gates over a hub that answers so, with what it was sent; each look at the clock is a second later. */
function gatesThat(...answers: readonly Partial<CommandResult>[]) {
  const sent: unknown[] = [];
  let nowMs = 0;
  const send = async (nodeId: string, { action }: { readonly action: unknown }): Promise<CommandResult> => {
    const answer = answers[sent.length];
    sent.push([nodeId, action]);
    return { commandId: 'c', failure: null, prepared: null, probe: null, ...answer };
  };
  return { sent, gates: createGates({ send }, () => (nowMs += 1_000)) };
}

test('a gate is opened through the head, and when is remembered for its attempt alone', async (t) => {
  const { sent, gates } = gatesThat({ probe: { because: null } });
  await gates.open('r1', 3, action);
  t.strictSame(sent, [['gpu-1', { kind: 'probe', probe: 'open-gate', arguments: request }]]);
  t.match(gates.lastCall('r1', 3), { atMs: 1_000, because: null });
  t.equal(gates.lastCall('r1', 4), null);
  gates.drop('r1');
  t.equal(gates.lastCall('r1', 3), null);
});

test('what keeps a gate shut is remembered until the next call', async (t) => {
  const failure = { code: 'NODE_OFFLINE', message: 'gpu-1 is gone', hint: null } as const;
  const { gates } = gatesThat(
    { probe: { because: 'ECONNREFUSED' } },
    { failure },
    { probe: 'what?' },
    { probe: { because: null } },
  );
  for (const because of ['ECONNREFUSED', 'gpu-1 is gone', /the gate of r1/, null]) {
    await gates.open('r1', 3, action);
    t.match(gates.lastCall('r1', 3), { because });
  }
  t.equal(gates.lastCall('r1', 3)?.atMs, 4_000, 'when it was answered');
});

test('a deployment that waits at a shut gate says why', async (t) => {
  const { gates } = gatesThat({ probe: { because: 'connect ECONNREFUSED' } });
  await gates.open('r1', 1, action);
  const waits = { phase: 'rendezvous', detail: 'waits at the gate' } as const;
  const nodes = [0, 1].map((i) => view(`gpu-${i + 1}`, { ranks: [report(i, waits)] }));
  const stored = {
    deployment: deployment({ state: 'starting' }),
    attempt: attempt({ servedAtMs: null }),
    past: [],
  };
  const moment = { nodes: new Map(nodes.map((node) => [node.id, node])), gates, nowMs: NOW };
  t.match(
    toSummary(stored, moment).message,
    /^all ranks wait at the gate since \d+ s; the gate does not open: connect ECONNREFUSED$/,
  );
});
