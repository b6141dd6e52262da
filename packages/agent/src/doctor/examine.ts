import type { NodeFacts } from '@dsr1/shared/facts/node';
import { checkEngines } from './checks/engines.ts';
import { checkGpus } from './checks/gpus.ts';
import { checkLimits } from './checks/limits.ts';
import { checkNames } from './checks/names.ts';
import { checkNetwork } from './checks/network.ts';
import { checkRdma } from './checks/rdma.ts';
import type { DoctorConfig, Finding } from './finding.ts';

export type Check = (facts: NodeFacts, config: DoctorConfig) => readonly Finding[];

const CHECKS: readonly Check[] = [checkGpus, checkRdma, checkNetwork, checkNames, checkLimits, checkEngines];

/** What is missing or wrong on a node, errors first. Pure: the facts are all it looks at. */
export function examine(facts: NodeFacts, config: DoctorConfig): Finding[] {
  const findings = CHECKS.flatMap((check) => check(facts, config));
  return [
    ...findings.filter(({ severity }) => severity === 'error'),
    ...findings.filter(({ severity }) => severity === 'warning'),
  ];
}
