/** All rules, family by family. */
import type { Rule } from './model.ts';
import { commandRules } from './rules/command.ts';
import { fileRules } from './rules/files.ts';
import { gangRules } from './rules/gang.ts';
import { gpuRules } from './rules/gpu.ts';
import { hostRules } from './rules/host.ts';
import { versionRules } from './rules/versions.ts';

export const rules: readonly Rule[] = [
  ...commandRules,
  ...versionRules,
  ...hostRules,
  ...gpuRules,
  ...fileRules,
  ...gangRules,
];
