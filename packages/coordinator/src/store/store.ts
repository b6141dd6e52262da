/**
 * What the coordinator persists, by domain. Every method is one transaction: it happens wholly or not at all, and is on
 * disk when its promise resolves. Implementations: sqlite/ (one coordinator); PostgreSQL would be another folder.
 * Times are milliseconds since 1970. All methods throw DISK_FULL when the disk is full, and nothing changes then.
 */
import type { ClusterEvent, KeyRole } from '@dsr1/shared/http-api/resources';
import type { DeploymentStore } from '../deployments/store.ts';

export interface Store {
  readonly meta: MetaStore;
  readonly nodes: NodeStore;
  readonly enrolments: EnrolmentStore;
  readonly certificates: CertificateStore;
  readonly tokens: TokenStore;
  readonly keys: KeyStore;
  readonly events: EventStore;
  readonly deployments: DeploymentStore;
  readonly figures: FigureStore;
  close(): void;
}

export interface MetaStore {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
  /** Raises the leader epoch to `max(stored, atLeast) + 1` and returns it. */
  raiseLeaderEpoch(atLeast: number): Promise<number>;
}

export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly hostname: string;
  readonly agentVersion: string;
  readonly joinedAtMs: number;
  readonly lastSeenAtMs: number | null;
  readonly bootId: string | null;
  readonly cordoned: boolean;
  /** Why the node is quarantined, null when it is not. */
  readonly quarantine: string | null;
  readonly removedAtMs: number | null;
  readonly facts: StoredFacts | null;
}

export interface StoredFacts {
  readonly hash: string;
  readonly json: string;
  readonly atMs: number;
}

export interface NodeStore {
  /** Removed ones included: their ids stay known. */
  list(): Promise<readonly NodeRow[]>;
  setSeen(
    id: string,
    seen: { readonly atMs: number; readonly bootId: string; readonly agentVersion: string },
  ): Promise<void>;
  setFacts(id: string, facts: StoredFacts): Promise<void>;
  setCordoned(id: string, cordoned: boolean): Promise<void>;
  setQuarantine(id: string, reason: string | null): Promise<void>;
  /** Marks the node removed and revokes all its certificates. */
  remove(id: string, atMs: number): Promise<void>;
}

export interface CertificateRow {
  readonly serial: string;
  readonly nodeId: string;
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly spkiHash: string;
  /** Rises with every certificate of a node; an older one is void once a newer one was used. */
  readonly generation: number;
  readonly notAfterMs: number;
  readonly revokedAtMs: number | null;
}

export interface CertificateStore {
  bySerial(serial: string): Promise<CertificateRow | null>;
  /** The newest certificate of this key, revoked or not. */
  bySpki(spkiHash: string): Promise<CertificateRow | null>;
  newestOf(nodeId: string): Promise<CertificateRow | null>;
  /** Adds a renewed certificate; its generation is the node's highest + 1. */
  add(certificate: Omit<CertificateRow, 'generation' | 'revokedAtMs'>): Promise<CertificateRow>;
  /** The node has used this generation: every older one is revoked. Returns how many were. */
  supersede(nodeId: string, generation: number, atMs: number): Promise<number>;
}

export interface TokenRow {
  readonly id: string;
  readonly secretHash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly maxUses: number;
  readonly uses: number;
  readonly note: string;
  readonly createdBy: string;
  readonly revokedAtMs: number | null;
}

export interface TokenStore {
  create(token: Omit<TokenRow, 'uses' | 'revokedAtMs'>): Promise<TokenRow>;
  get(id: string): Promise<TokenRow | null>;
  list(): Promise<readonly TokenRow[]>;
  /** Null when there is no such token. */
  revoke(id: string, atMs: number): Promise<TokenRow | null>;
}

export interface Admission {
  readonly tokenId: string;
  readonly atMs: number;
  readonly node: Pick<NodeRow, 'id' | 'name' | 'fingerprint' | 'hostname' | 'agentVersion'>;
  readonly certificate: Pick<CertificateRow, 'serial' | 'spkiHash' | 'notAfterMs'> & { readonly pem: string };
}

export type AdmissionOutcome =
  | { readonly kind: 'admitted'; readonly node: NodeRow }
  /** Expired, used up, revoked or gone since it was checked: nothing was written. */
  | { readonly kind: 'token-refused' }
  | { readonly kind: 'name-taken' };

export interface EnrolmentStore {
  /**
   * One transaction: use the token once, insert the node (or give it its id back), revoke its older certificates, add
   * the new one and remember the reply under (token, public key).
   */
  admit(admission: Admission): Promise<AdmissionOutcome>;
  /** The certificate that this token already gave to this key: the answer to a repeated request. */
  replied(
    tokenId: string,
    spkiHash: string,
  ): Promise<{ readonly nodeId: string; readonly certificatePem: string } | null>;
}

export interface KeyRow {
  readonly id: string;
  readonly secretHash: string;
  readonly role: KeyRole;
  readonly note: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface KeyStore {
  create(key: Omit<KeyRow, 'revokedAtMs'>): Promise<KeyRow>;
  get(id: string): Promise<KeyRow | null>;
  list(): Promise<readonly KeyRow[]>;
  revoke(id: string, atMs: number): Promise<KeyRow | null>;
}

export interface EventFilter {
  readonly node?: string | undefined;
  readonly deployment?: string | undefined;
}

export interface EventStore {
  append(event: Omit<ClusterEvent, 'sequence' | 'at'> & { readonly atMs: number }): Promise<ClusterEvent>;
  /** Events with a sequence above `after`, oldest first, at most `limit`. */
  after(sequence: number, filter: EventFilter, limit: number): Promise<readonly ClusterEvent[]>;
  /** The newest `limit` events, oldest first. */
  newest(filter: EventFilter, limit: number): Promise<readonly ClusterEvent[]>;
  /** Deletes all but the newest `keep`. */
  prune(keep: number): Promise<void>;
}

/** The best figure that checks have measured of a pair or a gang. */
export interface FigureRow {
  readonly subject: string;
  readonly figure: string;
  readonly value: number;
}

export interface FigureStore {
  /** Figures of these subjects. */
  of(subjects: readonly string[]): Promise<readonly FigureRow[]>;
  /** Adds or replaces. */
  keep(figures: readonly FigureRow[], atMs: number): Promise<void>;
}
