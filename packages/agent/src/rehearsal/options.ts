/** What a rehearsal rank is told by its plan, as parsed from argv. */
export interface RailAddress {
  readonly rail: number;
  /** RDMA device that the rail belongs to, for people. */
  readonly device: string;
  /** This rank's own address on the rail's netdev. */
  readonly address: string;
}

export interface HttpDoor {
  readonly host: string;
  readonly port: number;
  readonly servedName: string;
  /** null = no key is asked for. */
  readonly apiKey: string | null;
}

export interface RehearsalOptions {
  readonly rank: number;
  readonly nodes: number;
  /** Own address on the control interface. */
  readonly address: string;
  readonly interface: string | null;
  readonly rendezvous: { readonly host: string; readonly port: number };
  /** Port on which every rank takes data, on its control address and on every rail address. */
  readonly dataPort: number;
  readonly rails: readonly RailAddress[];
  readonly http: HttpDoor | null;
}

/** Splits `host:port` and `[v6]:port`; null when it is neither. */
export function parseHostPort(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65535 ? null : { host, port };
}
