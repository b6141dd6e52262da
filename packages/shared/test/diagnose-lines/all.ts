/** Wordings of every category, family by family; written after the programs that print them. */
import * as build from './build.ts';
import * as endings from './endings.ts';
import * as files from './files.ts';
import * as flags from './flags.ts';
import * as gpu from './gpu.ts';
import * as host from './host.ts';
import * as ray from './ray.ts';
import type { NearMisses, Samples } from './sample.ts';
import * as support from './support.ts';
import * as versions from './versions.ts';

const families = [flags, support, versions, build, host, gpu, files, ray, endings];

export const samples: Samples = Object.assign({}, ...families.map((each) => each.samples));

export const nearMisses: NearMisses = Object.assign({}, ...families.map((each) => each.nearMisses));
