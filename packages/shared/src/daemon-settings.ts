/** Where a daemon's settings come from, the same for both: `/etc/dsr1/NAME.yaml`, `DSR1_NAME_…`, a flag for each key. */
import type { Static, TObject, TProperties } from 'typebox';
import { flagNameOf, type LoadedConfig, loadConfig } from './config.ts';

export interface Daemon<P extends TProperties> {
  readonly name: 'agent' | 'coordinator';
  readonly schema: TObject<P>;
}

/** Parsed flags of a command line, by key. */
export type Flags = Readonly<Record<string, unknown>>;

interface Command {
  option(flags: string, description: string): this;
}

const defaultFileOf = ({ name }: Daemon<TProperties>): string => `/etc/dsr1/${name}.yaml`;

/** Adds `--config` and one flag for each key; `only` names those that matter to this command. */
export function withSettings<C extends Command, P extends TProperties>(
  command: C,
  daemon: Daemon<P>,
  only: readonly (keyof P & string)[] = Object.keys(daemon.schema.properties),
): C {
  command.option('--config <file>', `settings in YAML (default: ${defaultFileOf(daemon)} when it exists)`);
  for (const key of only) {
    const { description = '', default: value } = daemon.schema.properties[key] as unknown as Property;
    command.option(`${flagNameOf(key)} <value>`, `${description} [${JSON.stringify(value)}]`);
  }
  return command;
}

interface Property {
  readonly description?: string;
  readonly default?: unknown;
}

/** @throws UNKNOWN_KEY, CONFIG_INVALID */
export function settingsOf<P extends TProperties>(
  daemon: Daemon<P>,
  { config: file, ...flags }: Flags,
  env: Readonly<Record<string, string | undefined>>,
): LoadedConfig<Static<TObject<P>>> {
  return loadConfig(daemon.schema, {
    defaultFile: defaultFileOf(daemon),
    file: typeof file === 'string' ? file : undefined,
    envPrefix: `DSR1_${daemon.name.toUpperCase()}_`,
    env,
    flags,
  });
}
