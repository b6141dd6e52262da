import type { EngineInstall, NodeFacts } from '@dsr1/shared/facts/node';
import type { DoctorConfig, Finding } from '../finding.ts';

/** Something to run, and what it needs at run time. */
export function checkEngines(
  { engines, runtimes, gpus }: NodeFacts,
  { engineRoots }: DoctorConfig,
): Finding[] {
  const none = engines.detected && engines.value.length === 0;
  const docker = runtimes.detected && runtimes.value.docker !== null;
  const why = runtimes.detected ? runtimes.value.dockerProblem : runtimes.reason;
  return [
    ...(none && !docker ? [noEngine(engineRoots, why)] : []),
    ...(runtimes.detected && runtimes.value.compiler === null && !none ? [noCompiler] : []),
    ...(engines.detected && gpus.detected
      ? engines.value.flatMap((install) => driverTooOld(install, gpus.value.cudaVersion))
      : []),
  ];
}

/** A driver serves builds for CUDA up to its own major version (https://docs.nvidia.com/deploy/cuda-compatibility/). */
function driverTooOld({ engine, version, cuda, python }: EngineInstall, served: string | null): Finding[] {
  const major = (text: string) => Number.parseInt(text, 10);
  if (cuda === null || served === null || major(cuda) <= major(served)) return [];
  return [
    {
      severity: 'error',
      check: 'driver-too-old',
      found: `${engine} ${version} (${python}) is built for CUDA ${cuda}, the driver serves up to ${served}`,
      matters: 'it ends as soon as it touches a GPU, and no launch is planned with it here',
      fix: [`install a driver for CUDA ${major(cuda)}`, `or a build of ${engine} for CUDA ${major(served)}`],
    },
  ];
}

const noEngine = (roots: readonly string[], whyNoDocker: string | undefined): Finding => ({
  severity: 'warning',
  check: 'no-engine',
  found: `neither SGLang nor vLLM was found, and there is no Docker to run an image with${whyNoDocker === undefined ? '' : `: ${whyNoDocker}`}`,
  matters: 'only the `rehearsal` and `command` engines can run on this node',
  fix: [
    'python3 -m venv /opt/engines/vllm && /opt/engines/vllm/bin/pip install vllm',
    'python3 -m venv /opt/engines/sglang && /opt/engines/sglang/bin/pip install "sglang[all]"',
    `looked in ${roots.join(', ')} and along PATH; the agent's setting engineRoots adds other places`,
  ],
});

const noCompiler: Finding = {
  severity: 'error',
  check: 'no-compiler',
  found: 'no C++ compiler (g++ or clang++)',
  matters: 'engines compile kernels while they start (Triton, torch.compile, FlashInfer) and die without one',
  fix: ['apt-get install g++ (Debian, Ubuntu) or dnf install gcc-c++ (RHEL)'],
};
