/** Compares names so that numbers in them count as numbers: `mlx5_2` before `mlx5_10`. */
export function naturalOrder(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? collator.compare(a, b) : difference;
}

const collator = new Intl.Collator('en', { numeric: true });
