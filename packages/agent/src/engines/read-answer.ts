/** What a reading printed (read-script.ts) → what is known. Pure. */
import type { EngineReading, EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import { EngineInstall } from '@dsr1/shared/facts/node';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { READ_MARK } from './read-script.ts';

/** `otherwise` is why there is no answer, where there is none: the tool's own words, or a time-out. */
export function readAnswer(
  { engine, python, image }: EngineReadRequest,
  output: string,
  otherwise: string,
): EngineReading {
  const [versions, list] = output
    .split('\n')
    .filter((line) => line.startsWith(READ_MARK))
    .map((line) => parsed(line.slice(READ_MARK.length)));
  const where = image === null ? python : `image ${image}`;
  if (!Value.Check(Versions, versions)) return { state: 'unknown', because: `${where}: ${otherwise}` };
  const { version } = versions;
  if (version === null) return { state: 'unknown', because: `${where} has no ${engine} (asked ${python})` };
  const install = { engine, python, ...versions, version };
  if (Value.Check(Flags, list))
    return { state: 'known', install: { ...install, flags: list.flags }, because: null };
  return { state: 'known', install, because: Value.Check(Because, list) ? list.because : otherwise };
}

const { pythonVersion, torch, nccl, cuda, ray } = EngineInstall.properties;
const Versions = Type.Object({
  version: Type.Union([Type.String(), Type.Null()]),
  pythonVersion,
  torch,
  nccl,
  cuda,
  ray,
});
const Flags = Type.Object({ flags: Type.String() });
const Because = Type.Object({ because: Type.String() });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
