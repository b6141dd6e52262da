/** Plans, has the nodes read what that plan would run and nobody knows yet, and plans again with what they found. */
import { setTimeout as sleep } from 'node:timers/promises';
import { engineOf } from '@dsr1/shared/engines/registry';
import { ENGINE_READ_PROBE, EngineReading, type EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { Value } from 'typebox/value';
import type { NodeHub } from '../nodes/hub.ts';
import { sendProbe } from '../nodes/probe.ts';
import type { PlanInput } from '../plan/input.ts';
import { wantedReadings } from '../plan/readings.ts';

const ANSWER_TIMEOUT_MS = 3_000;
/** A plan waits this long for a reading; longer ones end in a rejection that says so, and go on by themselves. */
const PATIENCE_MS = 3_000;
const PERIOD_MS = 300;

/** Other nodes may come in when one is refused for what it read: every round reads nodes that were not asked before. */
export async function planWithReadings(
  input: PlanInput,
  plan: (input: PlanInput) => PlanResult,
  hub: Pick<NodeHub, 'send'>,
): Promise<PlanResult> {
  const engine = engineOf(input.spec.engine.kind);
  let known = input;
  for (;;) {
    const result = plan(known);
    if (!result.feasible) return result;
    const wanted = wantedReadings({ ...known, engine }, result.plan);
    if (wanted.length === 0) return result;
    const readings = new Map(
      await Promise.all(
        wanted.map(async ({ nodeId, request }) => [nodeId, await read(hub, nodeId, request)] as const),
      ),
    );
    known = {
      ...known,
      nodes: known.nodes.map((node) => {
        const reading = readings.get(node.id);
        return reading === undefined ? node : { ...node, reading };
      }),
    };
  }
}

async function read(
  hub: Pick<NodeHub, 'send'>,
  nodeId: string,
  request: EngineReadRequest,
): Promise<EngineReading> {
  const asked = { probe: ENGINE_READ_PROBE, arguments: request, timeoutMs: ANSWER_TIMEOUT_MS };
  for (let waitedMs = 0; ; waitedMs += PERIOD_MS) {
    const { probe, failure } = await sendProbe(hub, nodeId, asked);
    if (!Value.Check(EngineReading, probe))
      return { state: 'unknown', because: failure?.message ?? 'the node did not say' };
    if (probe.state !== 'reading' || waitedMs >= PATIENCE_MS) return probe;
    await sleep(PERIOD_MS);
  }
}
