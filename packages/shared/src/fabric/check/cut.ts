/** From the pairs that work and those that do not: the smallest thing that, if broken, explains them. Never a peer. */
export interface PairOutcome {
  readonly nodes: readonly [string, string];
  readonly ok: boolean;
}

export type Cut =
  /** Each of them fails with everybody, while the others reach each other. */
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }
  /** Nothing works, with more than two nodes: what they share is broken. */
  | { readonly kind: 'all'; readonly nodes: readonly string[] }
  /** Groups that work inside and not between. */
  | { readonly kind: 'groups'; readonly groups: readonly (readonly string[])[] }
  /** Both nodes work with others (or there are no others): it lies between these two. */
  | { readonly kind: 'pair'; readonly nodes: readonly [string, string] };

export function cutsOf(pairs: readonly PairOutcome[]): readonly Cut[] {
  const failing = pairs.filter(({ ok }) => !ok);
  if (failing.length === 0) return [];
  const nodes = [...new Set(pairs.flatMap(({ nodes }) => nodes))];
  if (nodes.length === 2) return failing.map(({ nodes }) => ({ kind: 'pair', nodes }));
  if (failing.length === pairs.length) return [{ kind: 'all', nodes }];
  const groups = components(nodes, pairs);
  const large = groups.filter(({ length }) => length > 1);
  if (large.length > 1) return [{ kind: 'groups', groups }];
  const alone = groups.flatMap((group) => (group.length === 1 ? group : []));
  const rest = failing.filter(({ nodes: [a, b] }) => !alone.includes(a) && !alone.includes(b));
  return [
    ...(alone.length === 0 ? [] : [{ kind: 'nodes', nodes: alone } as const]),
    ...rest.map(({ nodes }): Cut => ({ kind: 'pair', nodes })),
  ];
}

/** Nodes that reach each other, if only through others. */
function components(nodes: readonly string[], pairs: readonly PairOutcome[]): string[][] {
  const group = new Map(nodes.map((node) => [node, [node]]));
  for (const {
    nodes: [a, b],
    ok,
  } of pairs) {
    const [left, right] = [group.get(a), group.get(b)];
    if (!ok || left === undefined || right === undefined || left === right) continue;
    left.push(...right);
    for (const node of right) group.set(node, left);
  }
  return [...new Set(group.values())];
}

/**
 * Who differs: nodes without the value that most have. With a tie, `elsewhere` (the same value of other parts of the
 * gang) decides; null when even that tells nothing.
 */
export function oddOnes<T>(
  values: ReadonlyMap<string, T>,
  elsewhere: readonly T[],
): { readonly odd: readonly string[]; readonly usual: T } | null {
  const all = [...values.values()];
  const distinct = [...new Set(all)];
  if (distinct.length < 2) return null;
  const votes = (value: T): number =>
    all.filter((own) => own === value).length +
    elsewhere.filter((own) => own === value).length / (elsewhere.length + 1);
  const [best, second] = distinct.toSorted((a, b) => votes(b) - votes(a));
  if (best === undefined || second === undefined || votes(best) === votes(second)) return null;
  return { odd: [...values].filter(([, value]) => value !== best).map(([node]) => node), usual: best };
}
