/** Versions of engines and libraries: `0.5.23`, `0.32.0+cpu`, `2.13.0.post1`. */

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`; the part after `+` does not count. */
export function compareVersions(a: string, b: string): number {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export const atLeast = (version: string, minimum: string): boolean => compareVersions(version, minimum) >= 0;

/** `0.32.0+cpu` → `0.32.0`. */
export const release = (version: string): string => version.replace(/\+.*$/, '');

const numbers = (version: string): readonly number[] => (release(version).match(/\d+/g) ?? []).map(Number);
