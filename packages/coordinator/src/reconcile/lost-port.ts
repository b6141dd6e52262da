/**
 * A port is held from prepare on and let go of right before the engine starts, which binds it seconds or, after its
 * weights, minutes later. Did another program take it in between?
 */
import { type GangRank, rankName } from './gang.ts';
import type { AttemptRecord, Ending } from './model.ts';

/** Of a rank of an attempt that failed before it served; null when its log says nothing of taken ports. */
export function lostPort({ plan }: AttemptRecord, { record, report }: GangRank): Ending | null {
  const ports = plan.ranks.find(({ rank }) => rank === record.rank)?.ports.map(({ port }) => port) ?? [];
  const lines = (report?.readings ?? []).flatMap(({ hits }) =>
    hits.filter(({ rule }) => rule === 'address-in-use').map(({ line }) => line.trim()),
  );
  for (const line of lines) {
    const takenPorts = ports.filter((port) => new RegExp(`\\b${port}\\b`).test(line));
    if (takenPorts.length === 0 && !IN_USE.test(line)) continue;
    const failure = {
      code: 'PORT_TAKEN',
      message: `a port was taken after its check: ${line}`,
      hint: 'the next attempt avoids it; `ss -ltnp` on the node shows who has it',
      ...(takenPorts.length > 0 && { takenPorts }),
    };
    const message = `${rankName(record)} failed in phase ${report?.phase}: ${failure.message}`;
    return {
      cause: 'port-taken',
      rank: record.rank,
      message,
      failure,
      evidence: report?.evidence ?? [],
    };
  }
  return null;
}

/** The kernel's words. Without a port of the plan, others are only an engine's search for a free one. */
const IN_USE = /address already in use|EADDRINUSE|\[Errno 98\]/i;
