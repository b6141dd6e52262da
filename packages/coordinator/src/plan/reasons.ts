/** The plan in sentences: why this node, this device, this port; and what an operator should know before he says yes. */
import { defectWarnings } from '@dsr1/shared/engines/defects';
import { GATE_PORT } from '@dsr1/shared/engines/gate';
import { probed } from '@dsr1/shared/facts/nullable';
import type { PlanReason } from '@dsr1/shared/plan/model';
import type { PlanParts } from './plan.ts';
import { unreadWarnings } from './readings.ts';

export function planReasons({
  input,
  engine,
  choice,
  installs,
  world,
  fabric,
  ports,
}: PlanParts): PlanReason[] {
  const nodes = choice.gang.map(({ name }, rank) => ({
    subject: name,
    decision: rank === 0 ? 'rank 0, the head' : `rank ${rank}`,
    because: choice.because[rank] ?? '',
  }));
  const environments = choice.gang.flatMap(({ name }, rank) => {
    const install = installs[rank] ?? null;
    if (install === null) return [];
    const libraries = [
      install.torch === null ? null : `torch ${install.torch}`,
      install.nccl === null ? null : `NCCL ${install.nccl}`,
    ];
    const { image, python } = input.spec.engine;
    const because =
      image !== undefined
        ? 'read in the image'
        : python === undefined
          ? 'newest install of the node'
          : 'engine.python';
    return [
      {
        subject: name,
        decision: `${install.engine} ${install.version} in ${install.python}`,
        because: [because, ...libraries.filter((text) => text !== null)].join(', '),
      },
    ];
  });
  const network = fabric.nodes.flatMap(({ node, reasons }) =>
    reasons.map(({ subject, decision, because }) => ({ subject: `${node} ${subject}`, decision, because })),
  );
  const numbers = engine.ports(input.spec).map(({ name, use, span }) => {
    const first = ports.byRank[0]?.[name] ?? 0;
    return {
      subject: `port ${name}`,
      decision: span === 1 ? String(first) : `${first}–${first + span - 1}`,
      because:
        use === 'endpoint'
          ? input.spec.endpoint?.port === undefined
            ? 'chosen once, then kept'
            : 'endpoint.port'
          : `fresh for epoch ${input.epoch}, outside every node's ephemeral range`,
    };
  });
  return [...nodes, ...environments, world.reason, ...network, ...numbers];
}

export function planWarnings({
  input,
  engine,
  choice,
  installs,
  gpus,
  world,
  fabric,
  ports,
}: PlanParts): string[] {
  const { spec } = input;
  const perNode = gpus[0]?.length ?? 0;
  const install = installs[0] ?? null;
  const warnings = [...fabric.warnings, ...ports.warnings];
  const say = (condition: boolean, text: string) => {
    if (condition) warnings.push(text);
  };
  say(
    engine.installName !== null &&
      (spec.engine.args?.length ?? 0) > 0 &&
      (install === null || !engine.knowsFlagsOf(install)),
    `engine.args were not compared with the flags of ${engine.kind} ${install?.version ?? '(unknown version)'}: this version's list is not known`,
  );
  say(
    spec.engine.gated === true,
    `engine.gated: port ${ports.byRank[0]?.[GATE_PORT]} of ${choice.gang[0]?.name} takes POST /gate/activate without a key, as long as the rank lives; all it can do is let the start go on`,
  );
  warnings.push(...defectWarnings(engine.defects, spec, install), ...unreadWarnings(choice.gang));
  say(
    spec.engine.args?.includes('--trust-remote-code') === true,
    '--trust-remote-code runs Python code from the model folder; DeepSeek-R1 does not need it',
  );
  say(
    fabric.transport === 'tcp' && perNode > 0 && world.world.tensor > perNode,
    'tensor parallelism crosses nodes over TCP: every layer waits for the network; parallelism.pipeline = nodes needs far less',
  );
  const withoutCompiler =
    engine.installName === null
      ? []
      : choice.gang.filter(({ facts }) => probed(facts.runtimes, null)?.compiler === null);
  say(
    withoutCompiler.length > 0,
    `no C++ compiler on ${withoutCompiler.map(({ name }) => name).join(', ')}: kernels compiled on demand fail after rendezvous (toolchain-missing, InvalidCxxCompiler)`,
  );
  return warnings;
}
