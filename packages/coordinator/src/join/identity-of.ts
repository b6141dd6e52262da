/** Which node a joining host is: a new one, or one that the cluster knows already. Pure. */
import type { NodeRow } from '../store/store.ts';

export interface JoiningHost {
  readonly fingerprint: string;
  readonly name: string;
}

export interface KnownNode {
  readonly row: Pick<NodeRow, 'id' | 'name' | 'fingerprint' | 'removedAtMs'>;
  readonly connected: boolean;
}

export type Identity =
  | { readonly kind: 'new' }
  /** Gets its id back; `because` is for the event. */
  | { readonly kind: 'known'; readonly id: string; readonly because: string }
  | { readonly kind: 'refused'; readonly name: string; readonly because: string; readonly hint: string };

/**
 * The rules, in order:
 * 1. The key of an earlier certificate proves the identity: same node, under whatever name it asks for.
 * 2. Same name and same fingerprint, and no live session: the host was reinstalled or lost its state. Same node, whether
 *    it was removed or only lost. The fingerprint is no credential, the token is; it only keeps apart who may take a name.
 * 3. A name that another node holds is refused. Everybody else is new: clones with equal fingerprints get ids of their own.
 */
export function identityOf(
  host: JoiningHost,
  nodes: readonly KnownNode[],
  provenId: string | null,
): Identity {
  const taken = nodes.find(
    ({ row }) => row.name === host.name && row.removedAtMs === null && row.id !== provenId,
  );
  if (provenId !== null && taken === undefined)
    return { kind: 'known', id: provenId, because: 'it holds the key of its earlier certificate' };
  if (taken === undefined) return formerNode(host, nodes);
  if (taken.connected) {
    return {
      kind: 'refused',
      name: host.name,
      because: 'a node of that name is connected',
      hint: otherName(host.name),
    };
  }
  if (provenId === null && sameHost(host, taken))
    return { kind: 'known', id: taken.row.id, because: 'same host, without a live session' };
  return {
    kind: 'refused',
    name: host.name,
    because: 'another host has that name',
    hint: otherName(host.name),
  };
}

/** A removed node of the same host and name; the latest, should there be several. */
function formerNode(host: JoiningHost, nodes: readonly KnownNode[]): Identity {
  const former = nodes
    .filter((node) => node.row.removedAtMs !== null && node.row.name === host.name && sameHost(host, node))
    .sort((a, b) => (b.row.removedAtMs ?? 0) - (a.row.removedAtMs ?? 0))[0];
  return former === undefined
    ? { kind: 'new' }
    : { kind: 'known', id: former.row.id, because: 'same host, removed earlier' };
}

const sameHost = (host: JoiningHost, { row }: KnownNode): boolean =>
  host.fingerprint !== '' && row.fingerprint === host.fingerprint;

const otherName = (name: string): string =>
  `join with another name (\`--name\`), or when ${name} is gone for good: \`dsr1ctl node remove ${name} --force\`, then join again`;
