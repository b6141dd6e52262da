/** `dsr1ctl join`: makes this host a node. */
import { X509Certificate } from 'node:crypto';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { renderFacts } from '@dsr1/shared/facts/render';
import { spkiSha256Hex } from '@dsr1/shared/identity/ca-pin';
import { enroll } from '@dsr1/shared/identity/enroll';
import { type IdentityStore, type NodeIdentity, openIdentityStore } from '@dsr1/shared/identity/store';
import { type JoinToken, parseJoinToken } from '@dsr1/shared/identity/token';
import { loadServices } from '@dsr1/shared/rpc/services';
import { Command } from 'commander';
import { JOIN_PORT, parseDuration, parseHostPort } from '../flags.ts';
import { startAgentService } from '../host/agent-service.ts';
import { forgetToken, readTokenText, type TokenSource } from '../host/join-token.ts';
import { localFacts } from '../host/local-facts.ts';
import { runProgram } from '../host/run-program.ts';
import { AGENT_STATE_DIR, withWriteAccess } from '../host/state-dir.ts';
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';

interface JoinOptions extends TokenSource {
  readonly server: string;
  readonly stateDir: string;
  readonly keepToken?: true;
  readonly name?: string;
  /** Commander's form of `--no-service`. */
  readonly service: boolean;
  readonly timeout: number;
  readonly json?: true;
}

export function joinCommand(io: CtlIo): Command {
  const text = hostText.join;
  return new Command('join')
    .description(text.describe)
    .requiredOption('--server <host[:port]>', text.serverFlag)
    .option('--token <token>', text.tokenFlag)
    .option('--token-file <file>', text.tokenFileFlag)
    .option('--keep-token', text.keepTokenFlag)
    .option('--name <node>', text.nameFlag)
    .option('--state-dir <dir>', hostText.stateDirFlag, AGENT_STATE_DIR)
    .option('--no-service', hostText.noServiceFlag)
    .option('--timeout <duration>', text.timeoutFlag, parseDuration, 60)
    .option('--json', hostText.join.jsonFlag)
    .action((options: JoinOptions) => withWriteAccess(options.stateDir, () => join(io, options)));
}

async function join(io: CtlIo, options: JoinOptions): Promise<void> {
  const store = openIdentityStore(options.stateDir);
  const known = store.load();
  const tokenText = await readTokenText(io, options).catch((thrown: unknown) => {
    // Whoever deleted the token after joining may still repeat the command.
    if (known !== null) return null;
    throw thrown;
  });
  const admission = admissionOf(known, tokenText);
  const facts = await localFacts(io, runProgram);
  const identity = 'nodeId' in admission ? admission : await enrolled(io, options, store, admission, facts);
  const say = known ? hostText.join.already : hostText.join.joined;
  io.stderr.write(`${say(identity.nodeName, identity.clusterId)}\n`);
  await startAgentService(io, {
    stateDir: options.stateDir,
    nodeId: identity.nodeId,
    service: options.service,
    isNew: known === null,
    timeoutMs: options.timeout * 1000,
  });
  if (known === null && !options.keepToken) forgetToken(io, options);
  const { nodeId, nodeName, clusterId } = identity;
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ nodeId, nodeName, clusterId, facts }, null, 2)}\n`
      : renderFacts(facts),
  );
}

async function enrolled(
  io: CtlIo,
  options: JoinOptions,
  store: IdentityStore,
  token: JoinToken,
  { hostname, bootId, fingerprint, agentVersion }: NodeFacts,
): Promise<NodeIdentity> {
  return enroll(
    {
      token,
      ...parseHostPort(options.server, JOIN_PORT),
      hostname,
      nodeName: options.name ?? '',
      bootId,
      fingerprint,
      agentVersion,
    },
    { services: loadServices(), store, nowMs: () => io.clock.wallMs() },
  );
}

/**
 * Who this host is already, or the token that lets it in. A token of the same cluster, even a used one, makes repeating
 * harmless; one of another cluster is a mistake.
 */
function admissionOf(known: NodeIdentity | null, tokenText: string | null): NodeIdentity | JoinToken {
  const token = tokenText === null ? null : parseJoinToken(tokenText);
  if (known === null) {
    if (token !== null) return token;
    throw new Dsr1Error('TOKEN_INVALID', hostText.join.tokenMissing, {
      hint: hostText.join.tokenMissingHint,
    });
  }
  if (token === null || token.caHashes.includes(spkiSha256Hex(new X509Certificate(known.caPem))))
    return known;
  throw new Dsr1Error('ALREADY_EXISTS', hostText.join.otherCluster(known.nodeName, known.clusterId), {
    hint: hostText.join.otherClusterHint,
  });
}
