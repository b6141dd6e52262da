/** Which Python environment every rank runs, and whether they agree. */
import type { Engine } from '@dsr1/shared/engines/engine';
import { compareVersions, release } from '@dsr1/shared/engines/versions';
import type { EngineInstall, NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { UsableNode } from './input.ts';

/** What a rank of this node would run. null = nothing needed, nothing there, or an image that was not read. */
export function installOf(spec: DeploymentSpec, engine: Engine, node: UsableNode): EngineInstall | null {
  if (engine.installName === null) return null;
  const read = node.reading?.state === 'known' ? node.reading.install : null;
  if (spec.engine.image !== undefined) return read;
  const found = installOnHost(spec, engine, node.facts);
  if (found === null || read === null) return found;
  const same = read.python === found.python && read.version === found.version;
  return same && read.flags !== undefined ? { ...found, flags: read.flags } : found;
}

/** The named interpreter's, else the newest. */
function installOnHost(spec: DeploymentSpec, engine: Engine, facts: NodeFacts): EngineInstall | null {
  const { python } = spec.engine;
  const fitting = probed(facts.engines, []).filter(
    (install) => install.engine === engine.installName && (python === undefined || install.python === python),
  );
  return (
    fitting.toSorted((a, b) => compareVersions(b.version, a.version) || (a.python < b.python ? -1 : 1))[0] ??
    null
  );
}

/** Why a node cannot run the engine, null when it can. */
export function installProblem(
  spec: DeploymentSpec,
  engine: Engine,
  node: UsableNode,
): Omit<Rejection, 'node'> | null {
  if (engine.installName === null) return null;
  const install = installOf(spec, engine, node);
  if (install === null)
    return spec.engine.image === undefined ? missing(spec, engine.installName, node.facts) : null;
  const driver = probed(node.facts.gpus, null)?.cudaVersion ?? null;
  if (
    spec.gpusPerNode === 0 ||
    install.cuda === null ||
    driver === null ||
    major(install.cuda) <= major(driver)
  )
    return null;
  return {
    category: 'driver-too-old',
    because: `${install.engine} ${install.version} is built for CUDA ${install.cuda}, the driver serves up to ${driver}`,
    fix: `install a driver for CUDA ${major(install.cuda)}, or a build of ${install.engine} for CUDA ${major(driver)}`,
  };
}

/**
 * Ranks of different engine, torch or NCCL versions, or of builds for different CUDA, hang or die in their first
 * collective, and a Ray cluster takes in no node with another Ray or Python: refused, with the table.
 */
export function disagreement(
  engine: Engine,
  nodes: readonly UsableNode[],
  installs: readonly (EngineInstall | null)[],
): readonly Rejection[] {
  // An image that a node cannot read yet agrees with everything.
  const known = installs.filter((install) => install !== null);
  const compared = engine.kind === 'vllm-ray' ? WITH_RAY : ALWAYS;
  // A build whose CUDA is not known agrees with every other.
  const stated = (key: (typeof compared)[number]) =>
    known.map((install) => normal(install[key])).filter((value) => key !== 'cuda' || value !== null);
  const differing = compared.filter((key) => new Set(stated(key)).size > 1);
  if (differing.length === 0) return [];
  return [
    {
      node: null,
      category: 'version-mismatch',
      because: `the nodes differ in ${differing.map((key) => NAMES[key] ?? key).join(', ')}`,
      fix: 'install the same versions on all nodes, name one environment with engine.python, or leave nodes out',
      table: [
        [
          'node',
          'engine',
          'torch',
          'nccl',
          'cuda',
          ...(compared === ALWAYS ? [] : ['ray', 'Python']),
          'python',
        ],
        ...nodes.map(({ name }, i) => {
          const install = installs[i] ?? null;
          return [
            name,
            install === null ? '-' : `${install.engine} ${install.version}`,
            install?.torch ?? '-',
            install?.nccl ?? '-',
            install?.cuda ?? '-',
            ...(compared === ALWAYS ? [] : [install?.ray ?? '-', install?.pythonVersion ?? '-']),
            install?.python ?? '-',
          ];
        }),
      ],
    },
  ];
}

const ALWAYS = ['version', 'torch', 'nccl', 'cuda'] as const;
const WITH_RAY = [...ALWAYS, 'ray', 'pythonVersion'] as const;
const NAMES: Readonly<Record<string, string>> = {
  version: 'engine version',
  cuda: 'CUDA of the build',
  pythonVersion: 'Python version',
};

function missing(spec: DeploymentSpec, name: string, facts: NodeFacts): Omit<Rejection, 'node'> {
  if (!facts.engines.detected)
    return {
      category: 'engine-missing',
      because: `its engines are not known: ${facts.engines.reason}`,
      fix: `install ${name} on it`,
    };
  const found = facts.engines.value
    .map((install) => `${install.engine} ${install.version} (${install.python})`)
    .join(', ');
  const wanted = spec.engine.python === undefined ? name : `${name} in ${spec.engine.python}`;
  return {
    category: 'engine-missing',
    because: `it has no ${wanted}; found ${found === '' ? 'no engine' : found}`,
    fix: `install ${name} there, or name an environment that has it with engine.python`,
  };
}

const normal = (version: string | null) => (version === null ? null : release(version));
const major = (version: string) => Number.parseInt(version, 10);
