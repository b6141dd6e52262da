/** Wires the agent: state, ranks, facts and the session with the coordinator. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@dsr1/shared/clock';
import { makePrivateFolder } from '@dsr1/shared/durable-file';
import { Dsr1Error } from '@dsr1/shared/errors';
import { probed } from '@dsr1/shared/facts/nullable';
import { type NodeIdentity, openIdentityStore } from '@dsr1/shared/identity/store';
import type { Logger } from '@dsr1/shared/logger';
import { loadServices } from '@dsr1/shared/rpc/services';
import { lockStateDir } from '@dsr1/shared/state-lock';
import type { RankReport } from '@dsr1/shared/wire/messages';
import { type AgentConfig, factsOptionsOf, foldersOf } from './config/config.ts';
import type { AgentIdentity } from './facts/collect.ts';
import { createGauges } from './facts/gauges.ts';
import { readGpuGauges } from './facts/probes/gpu-gauges.ts';
import { readIdentity } from './facts/probes/identity.ts';
import type { Host } from './host/host.ts';
import { createProbes } from './probes.ts';
import { keepSession } from './session/connect.ts';
import { createFactsSource, type FactsSource } from './session/facts-source.ts';
import { createStatusFile } from './session/status-file.ts';
import { probeHealth } from './workload/health.ts';
import { runFolders } from './workload/run-folder.ts';
import { dockerRuntime } from './workload/runtimes/docker.ts';
import { processRuntime } from './workload/runtimes/process.ts';
import { systemdRuntime } from './workload/runtimes/systemd.ts';
import { openWorkload, type Workload } from './workload/workload.ts';

export interface AgentDeps {
  readonly host: Host;
  readonly program: AgentIdentity;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs until `signal` aborts, or until the node was removed; ranks run on in the first case.
 * @throws STATE_LOCKED, STATE_CORRUPT, DISK_FULL, NOT_FOUND when this host never joined
 */
export async function runAgent(config: AgentConfig, deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const { host, clock, log } = deps;
  const folders = foldersOf(config, process.getuid?.() === 0);
  makePrivateFolder(folders.stateDir);
  const release = lockStateDir(folders.stateDir, 'dsr1-agent');
  const store = openIdentityStore(folders.stateDir);
  const identity = store.load();
  if (identity === null) throw notJoined(folders.stateDir);
  const facts = createFactsSource(async (onChange) => {
    const { watchFacts } = await import('./facts/watch.ts');
    return watchFacts(host, deps.program, factsOptionsOf(config), onChange);
  });
  const { bootId, fingerprint } = await readIdentity(host, config.nodeIp || null);
  const reports = reportBus();
  const workload = await openWorkload({
    ...workloadParts(identity, { ...config, ...folders }, deps),
    stateDir: folders.stateDir,
    folders: runFolders(folders),
    bootId,
    onReport: reports.tell,
  });
  const status = createStatusFile(folders.stateDir, identity, () => clock.wallMs(), log);
  const gauges = createGauges(host, clock, () => hasGpus(facts));
  const probes = createProbes({
    ...deps,
    stateDir: folders.stateDir,
    agentCommand: deps.program.agentCommand,
    hubClients: config.hubClients,
    dockerSocket: config.dockerSocket,
    engines: () => probed(facts.current()?.facts.engines, []),
    facts: async () => (await facts.refresh()).facts,
  });
  const session = {
    workload,
    onReport: reports.listen,
    facts,
    heartbeat: () => gauges.heartbeat(),
    probe: probes.answer,
    host: { bootId, fingerprint },
    sessionId: randomUUID(),
    clock,
    random: Math.random,
  };
  const removedBecause = await keepSession(
    identity,
    { session, services: loadServices(), store, status, log },
    signal,
  );
  if (removedBecause !== null) await leave(removedBecause, workload, store.wipe, log);
  await probes.close();
  await workload.close();
  status.remove();
  await facts.stop();
  release();
}

function workloadParts({ nodeId }: NodeIdentity, config: AgentConfig, { host, clock, log }: AgentDeps) {
  return {
    runtimes: {
      systemd: systemdRuntime(),
      process: processRuntime(),
      docker: dockerRuntime(config.dockerSocket),
    },
    // Engines and the GPU probe are loaded when a rank comes: an idle agent stays small.
    engineOf: async (kind: Parameters<Parameters<typeof openWorkload>[0]['engineOf']>[0]) =>
      (await import('@dsr1/shared/engines/registry')).engineOf(kind),
    prepare: {
      probeGpus: async () => (await import('./facts/probes/gpus.ts')).probeGpus(host),
      gpuGauges: () => readGpuGauges(host),
      memlockBytes: async () => {
        const limits = await (await import('./facts/probes/limits.ts')).probeLimits(host);
        return limits.detected ? limits.value.memlockBytes : null;
      },
      knownDamage: async (path: string) =>
        (await import('./models/known-damage.ts')).knownDamage(config.stateDir, path),
    },
    probeHealth,
    clock,
    nodeTag: nodeId.replace(/[^a-z0-9]/gi, '').slice(0, 8),
    log,
  };
}

/** The operator removed this node: nothing of the cluster stays here. */
async function leave(reason: string, workload: Workload, wipe: () => void, log: Logger): Promise<void> {
  log.warn(
    { reason },
    'this node was removed from the cluster: stopping its ranks and forgetting its identity',
  );
  try {
    await workload.stopAll(`node removed: ${reason}`);
  } finally {
    wipe();
  }
}

function hasGpus(facts: FactsSource): boolean {
  const gpus = facts.current()?.facts.gpus;
  return gpus?.detected === true && gpus.value.gpus.length > 0;
}

function reportBus() {
  const listeners = new Set<(report: RankReport) => void>();
  return {
    tell(report: RankReport): void {
      for (const listener of listeners) listener(report);
    },
    listen(listener: (report: RankReport) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const notJoined = (stateDir: string): Dsr1Error =>
  new Dsr1Error('NOT_FOUND', `this host is no node of a cluster: there is no identity in ${stateDir}`, {
    hint: 'dsr1ctl join --token-file FILE --server HOST',
  });
