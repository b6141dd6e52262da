/**
 * Environment settings as people post them: shell, `env`, mpirun -x, docker -e, YAML, Dockerfile, Python, and NCCL's
 * own `… set by environment to …`. A commented setting was not in force, but people copy it, so it is read as such;
 * a comment after a value is not part of it.
 */
import type { EnvRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseEnv(dump: Dump): Parsed<EnvRow> {
  const rows: EnvRow[] = [];
  const unknown = readLines(dump, (line) => {
    const found = settingsOf(line);
    rows.push(...found);
    return found.length > 0;
  });
  return { rows, unknown };
}

/** Variables that bear on the network, whichever tool reads them. */
export function isNetworkVariable(name: string): boolean {
  return /^(R?NCCL|GLOO|TP|UCX|NVSHMEM|FI|MC|MOONCAKE|TORCH_NCCL|VLLM|SGLANG)_|(^|_)(HOST_IP|MASTER_ADDR|IFNAME|GID|GID_INDEX|IB_HCA)$/.test(
    name,
  );
}

const VALUE = /"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"';&|]*/.source;
const ASSIGNMENT = new RegExp(`(?<![\\w$.\\-/])([A-Z][A-Z0-9_]{1,63})=(?!=)(${VALUE})`, 'g');
const WHOLE_LINE = [
  /environ\[["']([A-Z][A-Z0-9_]+)["']\]\s*=\s*["']([^"']*)["']/,
  /^\s*ENV\s+([A-Z][A-Z0-9_]+)\s+(\S+)\s*$/,
  /^\s*(?:-\s+)?["']?([A-Z][A-Z0-9_]{2,63})["']?\s*:\s+(\S.*?),?\s*$/,
  /\b(N?R?CCL_[A-Z0-9_]+) set (?:by environment )?to (\S+?)\.?\s*$/,
];

function settingsOf(line: string): EnvRow[] {
  const commented = /^\s*(?:#|\/\/)+\s*((?:export\s+|-[xe]\s+)?[A-Z][A-Z0-9_]+=\S.*)$/.exec(line)?.[1];
  if (commented === undefined && /^\s*(#|\/\/)/.test(line)) return [];
  const text = withoutComment(commented ?? line);
  for (const rule of WHOLE_LINE) {
    const [, name, value] = rule.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [{ name, value: unquoted(value), inForce: true }];
  }
  return [...text.matchAll(ASSIGNMENT)].map(([, name = '', value = '']) => ({
    name,
    value: unquoted(value),
    inForce: commented === undefined,
  }));
}

function withoutComment(line: string): string {
  const at = line.search(/\s#/);
  return at < 0 ? line : line.slice(0, at);
}

function unquoted(value: string): string {
  const trimmed = value.trim();
  return /^(".*"|'.*')$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}
