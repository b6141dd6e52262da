/** Who this node is, on disk: one file (0600) in a private folder (0700), so that key and certificate always fit together. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { makePrivateFolder, readDurably, removeDurably, writeDurably } from '../durable-file.ts';
import { Dsr1Error } from '../errors.ts';
import { createPrivateKeyPem } from './keys.ts';

export interface NodeIdentity {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly clusterId: string;
  /** `host:port` of the session service, several when the coordinator has several addresses. */
  readonly servers: readonly string[];
  /** `host:port` of the enrolment service, for a certificate that expired; empty in identities of old versions. */
  readonly joinServers: readonly string[];
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  /** Roots that the node trusts. */
  readonly caPem: string;
}

export interface IdentityStore {
  /** null when the node never joined. @throws STATE_CORRUPT when neither the file nor its previous copy is good */
  load(): NodeIdentity | null;
  save(identity: NodeIdentity): void;
  /** Key of a join that may have been cut before the reply came: the same key makes the retry harmless. */
  pendingKeyPem(): string;
  dropPendingKey(): void;
  /** Forgets the identity: after `leave`, or when an operator removed the node. */
  wipe(): void;
}

export function openIdentityStore(stateDir: string): IdentityStore {
  const folder = join(stateDir, 'identity');
  const file = join(folder, 'identity.json');
  const pending = join(folder, 'pending-key.pem');
  return {
    load() {
      try {
        return readDurably(file, decodeIdentity);
      } catch (cause) {
        throw new Dsr1Error('STATE_CORRUPT', `${file} and its previous copy cannot be read as an identity`, {
          cause,
          hint: `join again: dsr1ctl join --token-file FILE --server HOST`,
        });
      }
    },
    save(identity) {
      makePrivateFolder(folder);
      writeDurably(file, `${JSON.stringify(identity, null, 2)}\n`);
    },
    pendingKeyPem() {
      makePrivateFolder(folder);
      const kept = readDurably(pending, (pem) => (isPrivateKey(pem) ? pem : null));
      if (kept !== null) return kept;
      const pem = createPrivateKeyPem();
      writeDurably(pending, pem);
      return pem;
    },
    dropPendingKey() {
      makePrivateFolder(folder);
      removeDurably(pending);
    },
    wipe() {
      makePrivateFolder(folder);
      removeDurably(file);
      removeDurably(pending);
    },
  };
}

function decodeIdentity(content: string): NodeIdentity {
  const value = JSON.parse(content) as Record<string, unknown>;
  const text = (key: string): string => {
    const found = value[key];
    if (typeof found !== 'string' || found === '') throw new Error(`identity: "${key}" is missing`);
    return found;
  };
  const servers = textsOf(value.servers);
  if (servers.length === 0) throw new Error('identity: "servers" is missing');
  const identity = {
    nodeId: text('nodeId'),
    nodeName: text('nodeName'),
    clusterId: text('clusterId'),
    servers,
    joinServers: textsOf(value.joinServers),
    privateKeyPem: text('privateKeyPem'),
    certificatePem: text('certificatePem'),
    caPem: text('caPem'),
  };
  if (
    !new X509Certificate(identity.certificatePem).checkPrivateKey(createPrivateKey(identity.privateKeyPem))
  ) {
    throw new Error('identity: key and certificate do not belong together');
  }
  return identity;
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
