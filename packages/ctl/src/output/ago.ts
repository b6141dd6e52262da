/** Durations and moments for people. */

/** `42 s`, `7 min`, `3 h`, `12 d`: the largest whole unit. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Time since an ISO moment, `-` for none. */
export const since = (iso: string | null, nowMs: number): string =>
  iso === null ? '-' : duration(nowMs - Date.parse(iso));

/** Time until an ISO moment. */
export const until = (iso: string, nowMs: number): string => duration(Date.parse(iso) - nowMs);
