import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { CHECK_TOOLS } from '@dsr1/shared/fabric/check/ends';
import type { LookAnswer, LookRequest } from '@dsr1/shared/fabric/check/requests';
import type { Host } from '../host/host.ts';

/** A lookup that takes longer has told enough. */
const LOOKUP_LIMIT_MS = 8_000;

/** Clock, tools, and how long this node's resolver takes for each name, found or not. */
export async function look(host: Host, wallMs: () => number, { names }: LookRequest): Promise<LookAnswer> {
  const [tools, lookups] = await Promise.all([
    Promise.all(CHECK_TOOLS.map(async (tool) => ((await isInstalled(host, tool)) ? [tool] : []))),
    Promise.all(names.map(async (name) => ({ name, milliseconds: await lookupMs(name) }))),
  ]);
  return { wallMs: wallMs(), tools: tools.flat(), lookups };
}

async function isInstalled(host: Host, tool: string): Promise<boolean> {
  const found = await Promise.all(host.toolPath.map((folder) => host.realPath(join(folder, tool))));
  return found.some((path) => path !== null);
}

/** As engines look names up: by the C library, with its /etc/hosts and its waiting. */
async function lookupMs(name: string): Promise<number> {
  const startedMs = performance.now();
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LOOKUP_LIMIT_MS);
  await Promise.race([lookup(name).catch(() => {}), late]);
  clearTimeout(timer);
  return Math.round(performance.now() - startedMs);
}
