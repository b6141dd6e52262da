import type { CommandResult } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { createGates } from '../src/deployments/gates.ts';

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
  t.strictSame([gates.askedAtMs('r1', 3), gates.askedAtMs('r1', 4)], [1_000, null]);
  gates.drop('r1');
  t.equal(gates.askedAtMs('r1', 3), null);
});

test('a gate that stays closed is told, and waits for its next turn', async (t) => {
  const failure = { code: 'NODE_OFFLINE', message: 'gpu-1 is gone', hint: null } as const;
  const { gates } = gatesThat({ probe: { because: 'ECONNREFUSED' } }, { failure }, { probe: 'what?' });
  const refused = { code: 'CHECK_FAILED', message: 'the gate of r1 was not opened: ECONNREFUSED' };
  await t.rejects(gates.open('r1', 3, action), refused);
  t.equal(gates.askedAtMs('r1', 3), 1_000);
  await t.rejects(gates.open('r1', 3, action), { code: 'NODE_OFFLINE', message: /gpu-1 is gone/ });
  await t.rejects(gates.open('r1', 3, action), { code: 'VERSION_SKEW' });
});
