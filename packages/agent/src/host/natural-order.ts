/** Compares names so that numbers in them count as numbers: `mlx5_2` before `mlx5_10`. */
export const naturalOrder: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true })
  .compare;
