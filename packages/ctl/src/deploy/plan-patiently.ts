/** The plan of a deployment, waited for while nodes read what they do not know of an engine yet. */
import { ENGINE_READING } from '@dsr1/shared/facts/engine-probe';
import type { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { Api } from '../client/api.ts';
import type { CtlIo } from '../io.ts';
import { pause } from '../pause.ts';
import { deploymentText } from '../text/deployment.ts';

const PERIOD_MS = 1_000;
/** Nodes give a reading up after two minutes; a whole gang may begin one after the other. */
const PATIENCE_MS = 300_000;

/** Tells on standard error who reads, once a node. */
export async function planPatiently(io: CtlIo, api: Api, spec: DeploymentSpec): Promise<PlanResult> {
  const told = new Set<string | null>();
  const startedMs = io.clock.monotonicMs();
  for (;;) {
    const result = await api.plan(spec);
    const reading = result.feasible
      ? []
      : result.rejections.filter(({ category }) => category === ENGINE_READING);
    if (reading.length === 0 || io.clock.monotonicMs() - startedMs > PATIENCE_MS) return result;
    for (const { node } of reading) {
      if (!told.has(node)) io.stderr.write(`${deploymentText.plan.reading(node ?? '')}\n`);
      told.add(node);
    }
    await pause(PERIOD_MS, io.interrupted);
  }
}
