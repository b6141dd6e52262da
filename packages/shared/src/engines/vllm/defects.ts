import { type Defect, spansNodes } from '../defects.ts';

const ADVISORIES = 'https://github.com/vllm-project/vllm/security/advisories';

const DEFECTS: readonly Defect[] = [
  {
    of: 'version',
    from: '0.5.2',
    before: '0.8.5',
    when: spansNodes,
    severity: 'warn',
    defect:
      'opens its message queue between nodes on every interface: whoever reaches the port can read it and stall the gang (CVE-2025-30202)',
    fix: 'install 0.8.5 or later, or keep the port range of the gang to its nodes',
    source: `${ADVISORIES}/GHSA-9f8f-2vmf-885j`,
  },
  {
    of: 'version',
    from: '0.10.1',
    before: '0.18.0',
    severity: 'warn',
    defect:
      'runs Python code from the folder of a Nemotron-VL or Kimi-K2.5 model though --trust-remote-code is not given (CVE-2026-27893)',
    fix: 'install 0.18.0 or later, or serve only folders whose code you have read',
    source: `${ADVISORIES}/GHSA-7972-pg2x-xr59`,
  },
  {
    of: 'version',
    from: '0.16.0',
    before: '0.21.0',
    when: ({ parallelism, engine }) =>
      (parallelism?.pipeline ?? 1) > 1 && engine.args?.includes('--no-async-scheduling') !== true,
    severity: 'warn',
    defect:
      "can mix tokens of one request into another's with pipeline parallelism and asynchronous scheduling",
    fix: 'install 0.21.0 or later, or add --no-async-scheduling to engine.args',
    source: `${ADVISORIES}/GHSA-v97p-wpxp-px84`,
  },
  {
    of: 'version',
    from: '0.32.0',
    before: '0.32.1',
    when: ({ parallelism, gpusPerNode, engine }) =>
      gpusPerNode === 0 &&
      (parallelism?.pipeline ?? 1) > 1 &&
      engine.args?.includes('--enforce-eager') === true,
    severity: 'refuse',
    defect:
      'says that it is healthy and dies of its first request, with pipeline parallelism on CPUs and --enforce-eager',
    fix: 'take --enforce-eager out of engine.args; -cc.mode=2 -cc.backend=eager works',
    source: 'measured: two nodes, vLLM 0.32.0+cpu',
  },
];

export const VLLM_DEFECTS: readonly Defect[] = [
  {
    of: 'version',
    before: '0.12.0',
    when: spansNodes,
    severity: 'refuse',
    defect: 'cannot span nodes by itself: --nnodes came with 0.12.0',
    fix: 'install vLLM 0.12.0 or later, or use engine.kind vllm-ray',
    source: 'https://github.com/vllm-project/vllm/pull/23691',
  },
  ...DEFECTS,
];

export const VLLM_RAY_DEFECTS: readonly Defect[] = [
  {
    of: 'ray',
    before: '2.52.0',
    severity: 'warn',
    defect: 'has no tokens: whoever reaches its ports runs code on the nodes',
    fix: 'install Ray 2.52.0 or later, or keep its ports to the nodes of the gang',
    source: 'https://docs.ray.io/en/latest/ray-security/token-auth.html',
  },
  ...DEFECTS,
];
