/** Where launches take their ports from, tried in this order; the later ones serve hosts whose ephemeral range covers the first. */
export const PORT_POOLS = [
  { low: 20_000, high: 29_999 },
  { low: 10_000, high: 19_999 },
  { low: 61_000, high: 65_000 },
  { low: 2_000, high: 9_999 },
] as const;
