/** All rules, family by family. Where two of the same strength know one line, the earlier stands first. */
import type { Rule } from './model.ts';
import { addressRules } from './rules/addresses.ts';
import { buildRules } from './rules/build.ts';
import { containerRules } from './rules/container.ts';
import { cudaRules } from './rules/cuda.ts';
import { defectRules } from './rules/defects.ts';
import { endingRules } from './rules/endings.ts';
import { fileRules } from './rules/files.ts';
import { flagRules } from './rules/flags.ts';
import { frameRules } from './rules/frames.ts';
import { gpuRules } from './rules/gpu.ts';
import { hostRules } from './rules/host.ts';
import { rayRules } from './rules/ray.ts';
import { sizeRules } from './rules/sizes.ts';
import { supportRules } from './rules/support.ts';
import { versionRules } from './rules/versions.ts';

export const rules: readonly Rule[] = [
  ...sizeRules,
  ...supportRules,
  ...flagRules,
  ...versionRules,
  ...defectRules,
  ...buildRules,
  ...containerRules,
  ...hostRules,
  ...gpuRules,
  ...cudaRules,
  ...fileRules,
  ...rayRules,
  ...addressRules,
  ...endingRules,
  ...frameRules,
];
