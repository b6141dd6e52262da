/** By which names this coordinator can be reached. */
import { hostname, networkInterfaces } from 'node:os';

export interface AddressSettings {
  readonly listen: string;
  readonly advertise: readonly string[];
}

/** For the join line: what the operator advertises, else the listen address, else the first address of this host. */
export function primaryAddress({ listen, advertise }: AddressSettings): string {
  return advertise[0] ?? (isWildcard(listen) ? (hostAddresses()[0] ?? hostname()) : listen);
}

/** Everything that the server certificate should name, for browsers and curl. */
export function allAddresses({ listen, advertise }: AddressSettings): readonly string[] {
  const own = isWildcard(listen) ? hostAddresses() : [listen];
  return [...new Set([...advertise, hostname(), 'localhost', '127.0.0.1', ...own])];
}

/** `[::1]:7440` for IPv6. */
export const hostPort = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

export const isLoopback = (address: string): boolean =>
  address === '::1' || address === 'localhost' || /^127(\.\d+){3}$/.test(address);

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** IPv4 first; link-local ones are useless to others. */
function hostAddresses(): readonly string[] {
  const entries = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = entries.filter(
    ({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address),
  );
  return usable.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address);
}
