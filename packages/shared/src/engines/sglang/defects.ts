import { type Defect, spansNodes } from '../defects.ts';
import { atLeast } from '../versions.ts';

export const SGLANG_DEFECTS: readonly Defect[] = [
  {
    of: 'version',
    from: '0.4.6.post4',
    before: '0.4.6.post5',
    when: spansNodes,
    severity: 'warn',
    defect: 'is reported to hang over several nodes, where 0.4.6.post3 works',
    fix: 'install another version',
    source: 'https://github.com/sgl-project/sglang/issues/6465',
  },
  {
    of: 'version',
    from: '0.5.23',
    before: '0.5.24',
    when: ({ gpusPerNode }, { torch }) => gpusPerNode !== 0 && torch !== null && !atLeast(torch, '2.12'),
    severity: 'refuse',
    defect:
      'has a kernel library (sglang-kernel 0.4.10) that torch 2.11 and older cannot load: symbols are missing',
    fix: 'install torch 2.14.1, which this version asks for',
    source: 'measured: symbols of sglang-kernel 0.4.10 against torch 2.11.0',
  },
];
