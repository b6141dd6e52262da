/**
 * What a node's facts say would end a rank after it has started: refused before, under the name that its diagnosis would
 * have. What is not known is left to prepare.
 */
import type { Category } from '@dsr1/shared/diagnose/categories';
import { probed } from '@dsr1/shared/facts/nullable';
import type { RankPlan, Rejection } from '@dsr1/shared/plan/model';
import type { UsableNode } from './input.ts';

export function hostProblems(plan: RankPlan, node: UsableNode): readonly Rejection[] {
  const problem = (category: Category, because: string, fix: string): Rejection => ({
    node: node.name,
    category,
    because,
    fix,
  });
  return [
    ...limitProblems(plan, node, problem),
    ...(plan.gpuIndices.length > 0 ? gpuProblems(plan, node, problem) : []),
    ...diskProblems(node, problem),
  ];
}

type Problem = (category: Category, because: string, fix: string) => Rejection;

function limitProblems(plan: RankPlan, { facts }: UsableNode, problem: Problem): readonly Rejection[] {
  const limits = probed(facts.limits, null);
  if (limits === null) return [];
  const { memlockBytes, shmBytes } = limits;
  const short = (have: number | null, need: number | null) => have !== null && need !== null && have < need;
  const says = (what: string, have: number | null, need: number | null) =>
    `${what} is ${mebibytes(have ?? 0)}, a rank needs ${mebibytes(need ?? 0)}`;
  return [
    ...(short(memlockBytes, plan.minMemlockBytes)
      ? [
          problem(
            'memlock',
            says('the memlock limit', memlockBytes, plan.minMemlockBytes),
            'set LimitMEMLOCK=infinity for ranks (RDMA pins its buffers)',
          ),
        ]
      : []),
    ...(short(shmBytes, plan.minShmBytes)
      ? [
          problem(
            'shm-too-small',
            says('/dev/shm', shmBytes, plan.minShmBytes),
            'mount -o remount,size=16G /dev/shm (docker: --shm-size)',
          ),
        ]
      : []),
  ];
}

function gpuProblems(plan: RankPlan, { facts }: UsableNode, problem: Problem): readonly Rejection[] {
  const settings = facts.settings === undefined ? null : probed(facts.settings, null);
  const gpus = probed(facts.gpus, null)?.gpus ?? [];
  const partitioned = gpus.filter(({ index, mig }) => mig === true && plan.gpuIndices.includes(index));
  const isDown =
    settings !== null &&
    settings.nvSwitches > 0 &&
    settings.fabricManager !== null &&
    settings.fabricManager !== 'active';
  return [
    ...(isDown
      ? [
          problem(
            'fabric-manager-down',
            `it has ${settings.nvSwitches} NVSwitches and nvidia-fabricmanager is ${settings.fabricManager}: CUDA fails to initialise (error 802)`,
            'systemctl enable --now nvidia-fabricmanager (the very version of the driver)',
          ),
        ]
      : []),
    ...(partitioned.length > 0 && plan.gpuIndices.length > 1
      ? [
          problem(
            'gpu-visibility',
            `GPUs ${partitioned.map(({ index }) => index).join(', ')} are in MIG mode: NCCL cannot join slices`,
            `nvidia-smi -i ${partitioned.map(({ index }) => index).join(',')} -mig 0`,
          ),
        ]
      : []),
  ];
}

/** Compile caches, logs and run folders; a model folder may well be full. */
function diskProblems({ facts }: UsableNode, problem: Problem): readonly Rejection[] {
  const full = probed(facts.disks, []).filter(({ mount, freeGiB }) => freeGiB < 1 && WRITTEN.test(mount));
  return full.map(({ mount }) =>
    problem(
      'disk-full',
      `${mount} has less than 1 GiB left: engines write compile caches and logs while they start`,
      `du -xh --max-depth=2 ${mount} | sort -h | tail`,
    ),
  );
}

const WRITTEN = /^\/(?:(?:var|tmp|root|home)(?:\/(?:log|tmp|lib|cache))?)?$/;

const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;
