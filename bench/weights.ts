/**
 * Model files: the check of names, sizes and headers for a model like DeepSeek-R1 (163 shards, 91,991 tensors; goal
 * under 1 s), and a full check beside sha256sum on the same file. Data are sparse for the first and written for the
 * second. Prints a table. Run: `node_modules/.bin/node bench/weights.ts [MIB]` (default 1024).
 */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hashFiles } from '../packages/agent/src/models/hash-files.ts';
import { inspectModel } from '../packages/agent/src/models/inspect.ts';
import { shardName } from '../packages/agent/test/helpers/a-model.ts';

const SHARDS = 163;
const TENSORS_PER_SHARD = 565;
/** 688 GB over the shards. */
const TENSOR_BYTES = 7_471_104;
const RUNS = 5;

const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
try {
  console.table({
    'header check': await headerCheck(),
    ...(await fullCheck(Number(process.argv[2] ?? 1024))),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function headerCheck() {
  const path = join(folder, 'model');
  execFileSync('mkdir', [path]);
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < SHARDS; shard++) sparseShard(path, shard, weightMap);
  writeFileSync(join(path, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  for (const name of ['config.json', 'tokenizer.json']) writeFileSync(join(path, name), '{}');
  const millis: number[] = [];
  const cpuMillis: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const used = process.cpuUsage();
    const { problems, tensors } = await inspectModel(path, new Map());
    if (problems.length > 0 || tensors !== SHARDS * TENSORS_PER_SHARD)
      throw new Error(JSON.stringify(problems[0]));
    millis.push(performance.now() - started);
    const { user, system } = process.cpuUsage(used);
    cpuMillis.push((user + system) / 1000);
  }
  const bytes = SHARDS * TENSORS_PER_SHARD * TENSOR_BYTES;
  return {
    GB: round(bytes / 1e9),
    'first ms': round(millis[0]),
    'median ms': round(median(millis)),
    'CPU ms': round(median(cpuMillis)),
    'goal ms': 1000,
  };
}

function sparseShard(path: string, shard: number, weightMap: Record<string, string>): void {
  const file = shardName(shard, SHARDS);
  const entries = Array.from({ length: TENSORS_PER_SHARD }, (_, i) => {
    const name = `model.layers.${shard % 61}.mlp.experts.${shard * TENSORS_PER_SHARD + i}.down_proj.weight`;
    weightMap[name] = file;
    const offsets = [i * TENSOR_BYTES, (i + 1) * TENSOR_BYTES];
    return [name, { dtype: 'F8_E4M3', shape: [TENSOR_BYTES / 2048, 2048], data_offsets: offsets }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const fd = openSync(join(path, file), 'w');
  writeSync(fd, Buffer.concat([length, header]));
  ftruncateSync(fd, 8 + header.length + TENSORS_PER_SHARD * TENSOR_BYTES);
  closeSync(fd);
}

/** Both read from the page cache after a first run of each, so the figure is that of hashing; then both in turn. */
async function fullCheck(mebibytes: number) {
  const path = join(folder, 'shard');
  const block = Buffer.alloc(1024 * 1024, 'weights');
  const fd = openSync(path, 'w');
  for (let i = 0; i < mebibytes; i++) writeSync(fd, block);
  closeSync(fd);
  const bytes = mebibytes * block.length;
  const agentCommand = [process.execPath, resolve(import.meta.dirname, '../packages/agent/src/main.ts')];
  const { signal } = new AbortController();
  const ours = () => hashFiles([{ path, bytes }], { agentCommand, onRead: () => {}, signal });
  const theirs = async () => void execFileSync('sha256sum', [path]);
  const seconds = { ours: [] as number[], theirs: [] as number[] };
  for (let run = 0; run < 3; run++) {
    seconds.ours.push(await timed(ours));
    seconds.theirs.push(await timed(theirs));
  }
  const row = (runs: readonly number[]) => ({
    GB: round(bytes / 1e9),
    'first ms': round((runs[0] ?? 0) * 1000),
    'median ms': round(median(runs) * 1000),
    'GB/s': round(bytes / 1e9 / median(runs)),
  });
  return { 'verify --full': row(seconds.ours), sha256sum: row(seconds.theirs) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function round(value = 0): number {
  return Number(value.toFixed(value < 10 ? 2 : 0));
}
