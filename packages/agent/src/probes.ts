/** What the coordinator may ask of this node outside any deployment. Each part is loaded when the first asks: an idle agent stays small. */
import { dirname } from 'node:path';
import type { Clock } from '@dsr1/shared/clock';
import { OPEN_GATE_PROBE, OpenGateRequest } from '@dsr1/shared/engines/gate';
import { COLLECT_PROBE } from '@dsr1/shared/fabric/collect/model';
import {
  ENGINE_PROBE,
  ENGINE_READ_PROBE,
  EngineReadRequest,
  EngineRequest,
} from '@dsr1/shared/facts/engine-probe';
import type { EngineInstall, NodeFacts } from '@dsr1/shared/facts/node';
import type { Logger } from '@dsr1/shared/logger';
import { decode } from '@dsr1/shared/schema';
import { MODEL_PROBE } from '@dsr1/shared/weights/query';
import type { Host } from './host/host.ts';

export interface ProbesDeps {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stateDir: string;
  readonly agentCommand: readonly string[];
  /** Folders of hubs' clients, looked at first. */
  readonly hubClients: readonly string[];
  readonly dockerSocket: string;
  readonly engines: () => readonly EngineInstall[];
  /** Collected anew. */
  readonly facts: () => Promise<NodeFacts>;
}

export interface Probes {
  /** @throws INVALID_ARGUMENT for a probe or arguments that this version does not know */
  answer(kind: string, args: unknown): Promise<unknown>;
  /** Ends what was begun for checks and models; another pull goes on where it ended. */
  close(): Promise<void>;
}

export function createProbes(deps: ProbesDeps): Probes {
  const { host, clock } = deps;
  const checks = once(async () =>
    (await import('./checks/checks.ts')).createChecks({ host, wallMs: () => clock.wallMs() }),
  );
  const reader = once(async () => (await import('./engines/reader.ts')).createEngineReader(deps));
  const models = once(async () =>
    (await import('./models/models.ts')).createModels({ ...deps, clientFolders }),
  );
  /** The hubs' clients come with the engines. */
  const clientFolders = async (): Promise<readonly string[]> => [
    ...new Set([
      ...deps.hubClients,
      ...host.toolPath,
      ...deps.engines().map(({ python }) => dirname(python)),
    ]),
  ];
  return {
    async answer(kind, args) {
      if (kind === ENGINE_PROBE) return namedEngine(host, args);
      if (kind === ENGINE_READ_PROBE)
        return (await reader.get()).read(decode(EngineReadRequest, args, { what: kind }));
      if (kind === OPEN_GATE_PROBE)
        return (await import('./workload/open-gate.ts')).openGate(
          decode(OpenGateRequest, args, { what: kind }),
        );
      if (kind === COLLECT_PROBE)
        return (await import('./bundle/collect.ts')).answerCollect(host, deps.facts, args);
      if (kind !== MODEL_PROBE) return (await checks.get()).answer(kind, args);
      const { answerModelQuery } = await import('./models/probe.ts');
      return answerModelQuery(await models.get(), args);
    },
    async close() {
      (await checks.begun())?.close();
      await models.begun()?.then((one) => one.close());
    },
  };
}

/** Engines of one interpreter's environment, as discovery would have read them there. */
async function namedEngine(host: Host, args: unknown): Promise<readonly EngineInstall[]> {
  const { python } = decode(EngineRequest, args, { what: ENGINE_PROBE });
  if ((await host.realPath(python)) === null) return [];
  const { readEnvironment } = await import('./facts/probes/python-environment.ts');
  const installs = await readEnvironment(host, dirname(dirname(python)));
  return installs.map((install) => ({ ...install, python }));
}

/** Made at the first call; a failure is tried again. */
function once<T>(make: () => Promise<T>): { get(): Promise<T>; begun(): Promise<T> | null } {
  let made: Promise<T> | null = null;
  const get = (): Promise<T> => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
  return { get, begun: () => made };
}
