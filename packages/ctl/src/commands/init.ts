/** `dsr1ctl init`: a coordinator on this host, a context for it, and the line that joins the first GPU host. */
import type { VersionInfo } from '@dsr1/shared/http-api/resources';
import { Command } from 'commander';
import { createApi } from '../client/api.ts';
import { contextsPath, saveContext } from '../context/contexts-file.ts';
import { appendTo, HTTP_PORT, parseDuration, parseWhole } from '../flags.ts';
import { askCoordinator, type CoordinatorAnswer, waitForCoordinator } from '../host/coordinator-answer.ts';
import { writeDaemonConfig } from '../host/daemon-config.ts';
import { findInstallation } from '../host/installation.ts';
import { runProgram } from '../host/run-program.ts';
import { COORDINATOR_STATE_DIR, withWriteAccess } from '../host/state-dir.ts';
import { createSystemd, isSystemdHost, UNIT_DIR, unitText } from '../host/systemd.ts';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';
import { hostText } from '../text/host.ts';

interface InitOptions {
  readonly stateDir: string;
  readonly clusterName?: string;
  readonly listen?: string;
  readonly httpPort?: number;
  readonly advertise?: readonly string[];
  readonly context: string;
  readonly service: boolean;
  readonly timeout: number;
  readonly json?: true;
}

export function initCommand(io: CtlIo): Command {
  const text = hostText.init;
  return new Command('init')
    .description(text.describe)
    .option('--state-dir <dir>', hostText.stateDirFlag, COORDINATOR_STATE_DIR)
    .option('--cluster-name <name>', text.clusterFlag)
    .option('--listen <address>', text.listenFlag)
    .option('--http-port <port>', text.httpPortFlag, parseWhole)
    .option('--advertise <host>', text.advertiseFlag, appendTo)
    .option('--context <name>', text.contextFlag, 'default')
    .option('--no-service', hostText.noServiceFlag)
    .option('--timeout <duration>', text.timeoutFlag, parseDuration, 60)
    .option('--json', generalText.jsonFlag)
    .action((options: InitOptions) => withWriteAccess(options.stateDir, () => init(io, options)));
}

async function init(io: CtlIo, options: InitOptions): Promise<void> {
  const server = `https://${localAddress(options.listen)}:${options.httpPort ?? HTTP_PORT}`;
  await startCoordinator(io, options, server);
  io.stderr.write(`${hostText.init.waiting}\n`);
  const answer = await waitForCoordinator(io, options.stateDir, server, options.timeout * 1000);
  saveContext(contextsPath(io.env), options.context, { server, ca: answer.caPem, key: answer.apiKey });
  const { version, clusterName } = answer.info;
  io.stderr.write(`${hostText.init.started(version, clusterName, options.context, contextsPath(io.env))}\n`);
  await printJoinLine(io, options, answer);
}

/** As a service, or by a command that the person runs; flags become its configuration either way. */
async function startCoordinator(io: CtlIo, options: InitOptions, server: string): Promise<void> {
  const { coordinator, unitsDir } = findInstallation(io);
  const settings = settingsOf(options);
  if (!options.service || !isSystemdHost()) {
    if (typeof (await askCoordinator(io, options.stateDir, server)) !== 'string') return;
    const flags = Object.entries(settings).flatMap(([key, value]) => [flagName(key), String(value)]);
    return void io.stderr.write(`${hostText.init.foreground([...coordinator, 'run', ...flags])}\n`);
  }
  const changed = Object.keys(settings).length > 0;
  if (changed) writeDaemonConfig('coordinator', settings);
  const systemd = createSystemd(runProgram, UNIT_DIR, io.interrupted);
  await systemd.install('dsr1-coordinator', unitText(unitsDir, 'dsr1-coordinator', coordinator), {
    restart: changed,
  });
}

/** What differs from the coordinator's own defaults (docs/config.md). */
function settingsOf({
  stateDir,
  clusterName,
  listen,
  httpPort,
  advertise,
}: InitOptions): Record<string, unknown> {
  return {
    ...(stateDir === COORDINATOR_STATE_DIR ? {} : { stateDir }),
    ...(clusterName === undefined ? {} : { clusterName }),
    ...(listen === undefined ? {} : { listen }),
    ...(httpPort === undefined ? {} : { httpPort }),
    ...(advertise === undefined ? {} : { advertise }),
  };
}

async function printJoinLine(
  io: CtlIo,
  options: InitOptions,
  { info, target }: CoordinatorAnswer,
): Promise<void> {
  const { token, joinLine } = await createApi(target, io).createToken({ note: 'dsr1ctl init' });
  const result: VersionInfo & Record<string, string> = { ...info, context: options.context, token, joinLine };
  if (options.json) return void io.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  io.stdout.write(`${hostText.init.joinLine}\n  ${joinLine}\n${hostText.init.moreTokens}\n`);
}

const flagName = (key: string): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** By which this host reaches it: an address that means "all" is reached over loopback. */
function localAddress(listen: string | undefined): string {
  if (listen === undefined || listen === '0.0.0.0') return '127.0.0.1';
  if (listen === '::') return '[::1]';
  return listen.includes(':') ? `[${listen}]` : listen;
}
