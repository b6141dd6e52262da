/**
 * Which pairs test at the same time: every pair once, no node twice in a round. The circle method of round-robin
 * tournaments needs N − 1 rounds for an even number of nodes and N for an odd one.
 */
export type Pairing = readonly (readonly [string, string])[];

export function pairRounds(nodes: readonly string[]): readonly Pairing[] {
  const seats: (string | null)[] = nodes.length % 2 === 0 ? [...nodes] : [...nodes, null];
  const [fixed = null, ...circle] = seats;
  return circle.map((_, round) => {
    const turned = [fixed, ...circle.slice(round), ...circle.slice(0, round)];
    return Array.from(
      { length: turned.length / 2 },
      (_, i) => [turned[i], turned.at(-1 - i)] as const,
    ).flatMap(([a, b]) => (a == null || b == null ? [] : [[a, b] as const]));
  });
}
