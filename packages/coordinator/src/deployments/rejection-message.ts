import type { Rejection } from '@dsr1/shared/plan/model';

/** One sentence of why there is no plan: the first reason in full, the rest as a number. */
export function rejectionMessage(rejections: readonly Rejection[]): string {
  const [first, ...others] = rejections;
  if (first === undefined) return 'no plan is feasible';
  const where = first.node === null ? '' : `${first.node}: `;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `no plan is feasible: ${where}${first.because}${more}`;
}
