/** `dsr1-agent rehearse-rank`: the program of the rehearsal engine. Started by plans, not by people. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type HttpDoor, parseHostPort, type RailAddress, type RehearsalOptions } from './options.ts';
import { runRank } from './run.ts';

interface Flags {
  rank: number;
  nodes: number;
  address: string;
  interface?: string;
  rendezvous: { host: string; port: number };
  dataPort: number;
  rails: RailAddress[];
  http?: { host: string; port: number };
  servedName: string;
  config?: string;
}

export function rehearseRankCommand(): Command {
  return new Command('rehearse-rank')
    .description(
      "one rank of a rehearsal: proves the gang's network, then answers as an OpenAI-compatible endpoint",
    )
    .requiredOption('--rank <n>', 'own rank', integer)
    .requiredOption('--nodes <n>', 'number of ranks', integer)
    .requiredOption('--address <ip>', 'own address on the control interface')
    .option('--interface <name>', 'control interface')
    .requiredOption('--rendezvous <host:port>', 'where rank 0 waits', hostPort)
    .requiredOption('--data-port <port>', 'port for data, on every own address', integer)
    .option('--rails <json>', 'own rails: [{"rail":0,"device":"mlx5_1","address":"…"}]', rails, [])
    .option('--http <host:port>', 'serve the endpoint here (rank 0)', hostPort)
    .option('--served-name <name>', 'model name that the endpoint answers to', 'rehearsal')
    .option('--config <file>', 'JSON file with "apiKey"')
    .action(async (flags: Flags) => {
      const say = (line: string): void => void process.stdout.write(`rehearsal: ${line}\n`);
      process.once('SIGTERM', () => process.exit(0));
      try {
        await runRank(toOptions(flags), say);
      } catch (error) {
        say(`failed: ${(error as Error).message}`);
        process.exit(1);
      }
    });
}

function toOptions(flags: Flags): RehearsalOptions {
  const http: HttpDoor | null = flags.http
    ? { ...flags.http, servedName: flags.servedName, apiKey: flags.config ? readApiKey(flags.config) : null }
    : null;
  const { rank, nodes, address, rendezvous, dataPort } = flags;
  return {
    rank,
    nodes,
    address,
    interface: flags.interface ?? null,
    rendezvous,
    dataPort,
    rails: flags.rails,
    http,
  };
}

function readApiKey(file: string): string {
  const key = (JSON.parse(readFileSync(file, 'utf8')) as { apiKey?: unknown }).apiKey;
  if (typeof key !== 'string' || key === '') throw new Error(`${file} holds no "apiKey"`);
  return key;
}

function integer(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

function hostPort(text: string): { host: string; port: number } {
  const parsed = parseHostPort(text);
  if (!parsed) throw new InvalidArgumentError('expected HOST:PORT or [IPV6]:PORT');
  return parsed;
}

function rails(text: string): RailAddress[] {
  try {
    const value = JSON.parse(text) as RailAddress[];
    if (Array.isArray(value) && value.every((r) => Number.isInteger(r.rail) && r.device && r.address))
      return value;
  } catch {
    // falls through to the one message
  }
  throw new InvalidArgumentError('expected a JSON list of {"rail", "device", "address"}');
}
