/** `ss -tn`, `ss -tlnp`: who talks to whom (iproute2: misc/ss.c). */
import { type Dump, type Parsed, readLines } from './text.ts';

export interface SocketRow {
  readonly state: string;
  readonly local: string;
  readonly peer: string;
}

export function parseSs(dump: Dump): Parsed<SocketRow> {
  const rows: SocketRow[] = [];
  const unknown = readLines(dump, (line) => {
    const match = /^\s*(?:(?:tcp|udp)\s+)?([A-Z][A-Z0-9-]+)\s+\d+\s+\d+\s+(\S+:[\w*]+)\s+(\S+:[\w*]+)/.exec(
      line,
    );
    if (match) rows.push({ state: match[1] ?? '', local: match[2] ?? '', peer: match[3] ?? '' });
    return match !== null || /^\s*(Netid\s+)?State\s+Recv-Q/.test(line);
  });
  return { rows, unknown };
}
