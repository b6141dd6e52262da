/** What every way of running `vllm serve` has in common: checks, the command without its topology, health. */
import type { EngineInstall } from '../../facts/node.ts';
import type { HealthPlan } from '../../plan/model.ts';
import type { DeploymentSpec } from '../../spec/deployment.ts';
import { hostPort } from '../address-text.ts';
import { checkArguments } from '../arguments.ts';
import type { Engine, EngineProblem, RankContext } from '../engine.ts';
import { checkEnvironment } from '../environment.ts';
import { type FlagTable, flagsOf, flagTable } from '../flag-table.ts';
import { consoleScript, type Setting } from '../process-plan.ts';
import { release } from '../versions.ts';
import { VLLM_0_32_0 } from './flags-0-32-0.ts';
import { VLLM_REPLACED_FLAGS } from './rules.ts';

export const VLLM_DEADLINES: Engine['deadlines'] = {
  rendezvousSeconds: 600,
  weightsSeconds: 3600,
  graphsSeconds: 1800,
  listeningSeconds: 300,
  servingSeconds: 300,
};

/** Flags and variables that the version lacks or that the plan sets itself. */
export const checkVllm = (
  spec: DeploymentSpec,
  install: EngineInstall | null,
  owned: Engine['owned'],
): readonly EngineProblem[] => [
  ...checkArguments(spec.engine.args ?? [], {
    owned: owned.flags,
    replaced: VLLM_REPLACED_FLAGS,
    table: install === null ? null : vllmFlags(install),
    flexibleNames: true,
    version: `vLLM ${install?.version ?? '(unknown version)'}`,
  }),
  ...checkEnvironment(spec.engine.env ?? {}, owned.env),
];

/** null where nobody has looked. */
export const vllmFlags = (install: EngineInstall): FlagTable | null => flagsOf(install, shippedFlags);

const shippedFlags = (version: string): FlagTable | null =>
  /^0\.32\.\d+(\.post\d+)?$/.test(release(version)) ? flagTable('0.32.0', VLLM_0_32_0) : null;

/** Path of a console script in the environment that runs vLLM. */
export const vllmScript = ({ install, spec }: RankContext, script: string): string =>
  consoleScript(install?.python ?? spec.engine.python ?? null, script);

export const serveEntry = (context: RankContext): readonly string[] => [
  vllmScript(context, 'vllm'),
  'serve',
  context.modelPath ?? '',
];

/** Name and shape of what is served; the same on every rank. */
export const modelFlags = ({ spec, servedName, tensor, pipeline }: RankContext): readonly Setting[] => [
  {
    name: '--served-model-name',
    value: servedName,
    because: spec.model?.servedName === undefined ? 'name of the deployment' : 'model.servedName',
  },
  {
    name: '--tensor-parallel-size',
    value: String(tensor),
    because: spec.parallelism?.tensor === undefined ? 'all devices of the gang' : 'parallelism.tensor',
  },
  ...(pipeline > 1
    ? [{ name: '--pipeline-parallel-size', value: String(pipeline), because: 'parallelism.pipeline' }]
    : []),
];

/** For the rank that serves HTTP; with `KEY_FILE` in its files. */
export const servingFlags = ({ address, ports }: RankContext): readonly Setting[] => [
  { name: '--host', value: address, because: 'listens on the control address alone' },
  { name: '--port', value: String(ports.http ?? 0), because: 'kept over attempts' },
  {
    name: '--config',
    value: '{runDir}/engine.yaml',
    because: 'the generated API key, which must not be in argv',
  },
];
export const KEY_FILE = { name: 'engine.yaml', content: 'api-key: "{apiKey}"\n' };

export const hostIp = ({ address }: RankContext): Setting => ({
  name: 'VLLM_HOST_IP',
  value: address,
  because: "this node's own address: otherwise vLLM takes that of the default route",
});

export const vllmHealth = ({ rank, address, ports }: RankContext): HealthPlan | null =>
  rank > 0
    ? null
    : {
        url: `http://${hostPort(address, ports.http ?? 0)}`,
        timeoutSeconds: 5,
        healthPath: '/health',
        modelsPath: '/v1/models',
      };
