/** A node's facts as an engineer wants to read them: the machine, its GPUs and network, what can run, what was not seen. */
import { columns } from './columns.ts';
import type { NodeFacts } from './node.ts';
import type { Probe } from './nullable.ts';
import { renderGpus } from './render-gpus.ts';
import { renderHcas, renderNetdevs } from './render-network.ts';
import { sizeText } from './units.ts';

/** Text for people, ending with a line break. Everything in it is in the facts; nothing is judged (see `doctor`). */
export function renderFacts(facts: NodeFacts): string {
  const sections = [
    renderMachine(facts),
    renderGpus(facts),
    renderHcas(facts),
    renderNetdevs(facts),
    renderEngines(facts),
    renderHost(facts),
    renderContradictions(facts),
    renderUnseen(facts),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function renderMachine({ hostname, nodeIp, os, cpu, memory, agentVersion }: NodeFacts): string[] {
  const about = [
    says(os, ({ distribution, kernel, arch, virtualisation }) => [
      distribution,
      `Linux ${kernel}`,
      arch,
      virtualisation === null || virtualisation === 'none' ? 'bare metal' : virtualisation,
    ]),
    [
      ...says(cpu, ({ model, cores, numaNodes }) => [`${cores} cores`, model, `${numaNodes} NUMA`]),
      ...says(memory, ({ totalBytes }) => [`${sizeText(totalBytes)} memory`]),
      `agent ${agentVersion}`,
      ...(nodeIp === undefined ? [] : [`reached at ${nodeIp}`]),
    ],
  ];
  return [hostname, ...about.filter((line) => line.length > 0).map((line) => `  ${line.join(' · ')}`)];
}

function renderEngines({ engines }: NodeFacts): string[] {
  if (!engines.detected) return [`Engines: not seen (${engines.reason})`];
  if (engines.value.length === 0) return ['Engines: none found'];
  const rows = engines.value.map((install) => [
    install.engine,
    install.version,
    install.python,
    install.pythonVersion ?? '',
    install.torch ?? '',
    install.cuda ?? '',
    install.nccl ?? '',
    install.ray ?? '',
  ]);
  return [
    'Engines',
    ...indent(columns(['ENGINE', 'VERSION', 'INTERPRETER', 'PYTHON', 'TORCH', 'CUDA', 'NCCL', 'RAY'], rows)),
  ];
}

function renderHost({ runtimes, limits, ephemeralPorts, disks }: NodeFacts): string[] {
  const rows = [
    [
      'runtimes',
      ...says(runtimes, ({ systemd, docker, dockerProblem, compiler }) => [
        `systemd ${systemd ?? '–'}`,
        `docker ${docker ?? `–${dockerProblem === undefined ? '' : ` (${dockerProblem})`}`}`,
        `compiler ${compiler ?? '–'}`,
      ]),
    ],
    [
      'limits',
      ...says(limits, ({ memlockBytes, nofile, shmBytes }) => [
        `locked memory ${memlockBytes === null ? 'unlimited' : sizeText(memlockBytes)}`,
        `open files ${nofile ?? 'unlimited'}`,
        `/dev/shm ${shmBytes === null ? '?' : sizeText(shmBytes)}`,
      ]),
    ],
    ['ports', ...says(ephemeralPorts, ({ low, high }) => [`the kernel hands out ${low}–${high}`])],
    [
      'disks',
      ...says(disks, (list) =>
        list.map(
          ({ mount, totalBytes, freeGiB }) => `${mount} ${freeGiB} GiB free of ${sizeText(totalBytes)}`,
        ),
      ),
    ],
  ];
  const known = rows
    .filter((row) => row.length > 1)
    .map(([name = '', ...values]) => [name, values.join(' · ')]);
  return known.length === 0 ? [] : ['Host', ...indent(columns(['', ''], known).slice(1))];
}

function renderContradictions({ contradictions }: NodeFacts): string[] {
  if (contradictions.length === 0) return [];
  const rows = contradictions.map(({ subject, believed, rejected, because }) => [
    subject,
    `${believed.source}: ${believed.value}`,
    `${rejected.source}: ${rejected.value}`,
    because,
  ]);
  return ['Contradictions', ...indent(columns(['ABOUT', 'BELIEVED', 'NOT BELIEVED', 'BECAUSE'], rows))];
}

/** Probes and tools without an answer, each with its reason. */
function renderUnseen(facts: NodeFacts): string[] {
  const probes = Object.entries(facts).flatMap(([name, value]) =>
    isUndetected(value) ? [[name, value.reason]] : [],
  );
  const tools = facts.tools.filter(({ answered }) => !answered).map(({ tool, note }) => [tool, note]);
  const rows = [...probes, ...tools];
  return rows.length === 0 ? [] : ['Not seen', ...indent(columns(['', ''], rows).slice(1))];
}

const isUndetected = (value: unknown): value is { detected: false; reason: string } =>
  typeof value === 'object' && value !== null && 'detected' in value && value.detected === false;

const says = <T>(probe: Probe<T>, say: (value: T) => string[]): string[] =>
  probe.detected ? say(probe.value) : [];

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
