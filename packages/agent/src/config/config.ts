/** Configuration of dsr1-agent (docs/config.md). Flags, environment (`DSR1_AGENT_…`) and file have these keys. */
import { resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { DEFAULT_FACTS_OPTIONS, type FactsOptions } from '../facts/parts.ts';

export const AgentConfig = Type.Object(
  {
    stateDir: Type.String({
      default: '/var/lib/dsr1-agent',
      description: 'Identity and journal; made with mode 0700.',
    }),
    runsDir: Type.String({
      default: '',
      description:
        'Folders of runs, gone after a reboot (default: /run/dsr1/runs for root with the default stateDir, else <stateDir>/runs).',
    }),
    logsDir: Type.String({
      default: '',
      description:
        "Ranks' logs (default: /var/log/dsr1 for root with the default stateDir, else <stateDir>/logs).",
    }),
    cacheDir: Type.String({
      default: '',
      description:
        'What engines compile, kept over attempts; on a disk of this node (default: /var/cache/dsr1 for root with the default stateDir, else <stateDir>/cache).',
    }),
    engineRoots: Type.Array(Type.String(), {
      default: [...DEFAULT_FACTS_OPTIONS.engineRoots],
      description: 'Where Python environments with engines are looked for; `*` stands for any one name.',
    }),
    hubClients: Type.Array(Type.String(), {
      default: [],
      description: 'Folders that hold `hf` or `modelscope`, looked at before PATH and engine environments.',
    }),
    dockerSocket: Type.String({
      default: DEFAULT_FACTS_OPTIONS.dockerSocket,
      description: 'Socket of the Docker engine that runs images.',
    }),
    nodeIp: Type.String({
      default: '',
      description: 'Address under which the other nodes reach this one (default: found out by routes).',
    }),
    hostOverlay: Type.String({
      default: '',
      description: 'Folder whose files stand in for the host’s (`<dir>/sys/…`), for tests.',
    }),
    logLevel: Type.Union(
      [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')],
      {
        default: 'info',
        description: 'Lowest level that is logged (JSON lines on stderr).',
      },
    ),
  },
  { additionalProperties: false },
);
export type AgentConfig = Static<typeof AgentConfig>;

/** For settingsOf and withSettings. */
export const AGENT = { name: 'agent', schema: AgentConfig } as const;

export const factsOptionsOf = ({ engineRoots, dockerSocket, nodeIp }: AgentConfig): FactsOptions => ({
  engineRoots,
  dockerSocket,
  nodeIp: nodeIp || null,
});

export interface AgentFolders {
  readonly stateDir: string;
  readonly runsDir: string;
  readonly logsDir: string;
  readonly cacheDir: string;
}

/**
 * Where things are kept: system folders for the service of a node, everything in the state folder otherwise. Absolute:
 * their paths become arguments of ranks, which work in folders of their own.
 */
export function foldersOf(config: AgentConfig, isRoot: boolean): AgentFolders {
  const stateDir = resolve(config.stateDir);
  const isNode = isRoot && stateDir === '/var/lib/dsr1-agent';
  return {
    stateDir,
    runsDir: resolve(config.runsDir || (isNode ? '/run/dsr1/runs' : `${stateDir}/runs`)),
    logsDir: resolve(config.logsDir || (isNode ? '/var/log/dsr1' : `${stateDir}/logs`)),
    cacheDir: resolve(config.cacheDir || (isNode ? '/var/cache/dsr1' : `${stateDir}/cache`)),
  };
}
