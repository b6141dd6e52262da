/** The beginning and the end of a rank's output: what NCCL says of its network, and what went wrong at last. */
export interface Excerpt {
  take(line: string): void;
  lines(): string[];
}

const LIMITS = { first: 120, last: 60, characters: 400 };

/** Of every channel and peer inside a host: most of NCCL's log, and nothing about the network. */
const IDLE = / via (?:P2P|SHM|direct)\b|NCCL INFO Channel \d+\/\d+ :(?:\s+\d+)+\s*$|NCCL INFO Trees? /;

export function createExcerpt(): Excerpt {
  const first: string[] = [];
  const last: string[] = [];
  let left = 0;
  return {
    take(line) {
      if (IDLE.test(line)) return;
      const text = line.slice(0, LIMITS.characters);
      if (first.length < LIMITS.first) return void first.push(text);
      last.push(text);
      if (last.length <= LIMITS.last) return;
      last.shift();
      left++;
    },
    lines: () => [...first, ...(left === 0 ? [] : [`… ${left} lines left out …`]), ...last],
  };
}
