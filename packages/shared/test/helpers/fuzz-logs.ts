/** Mutated logs and facts; a case is named by its number alone, so it replays. */

/** Numerical Recipes' linear congruential generator: the same number gives the same log. */
export function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function mutated(seeds: readonly string[], random: (below: number) => number): string {
  const parts = Array.from({ length: 1 + random(6) }, () => seeds[random(seeds.length)] ?? '');
  let log = parts.join(random(2) === 0 ? '\n' : ' ');
  for (let count = random(8); count > 0; count--) {
    const at = random(log.length + 1);
    const noise = [
      '\0',
      '\u001b[31m',
      '(',
      '[',
      '\n',
      '$1',
      '\ufffd',
      '{"log":"',
      ' '.repeat(200),
      'a'.repeat(3000),
      '\r',
    ];
    log =
      random(3) === 0
        ? log.slice(0, at) + log.slice(at + random(40))
        : log.slice(0, at) + (noise[random(noise.length)] ?? '') + log.slice(at);
  }
  return log;
}

export function mutatedFacts(random: (below: number) => number): unknown {
  const values = [
    null,
    1,
    'x',
    [],
    {},
    { facts: { symptom: 'hang' } },
    { nodes: -1 },
    { nodes: 1e99 },
    [[{ a: [1] }]],
    { facts: { env: [] } },
    '\0',
  ];
  return values[random(values.length)];
}
