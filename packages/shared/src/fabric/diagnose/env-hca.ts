/** NCCL_IB_HCA: `[^][=]device[:port],…`, compared with RDMA device names, as prefixes unless "=" (NCCL misc/utils.cc). */
import { interfaceOf, type PortView } from '../select/view.ts';
import type { EnvContext, EnvFault } from './check-env.ts';

/** Checks the list against the node's devices and ports. */
export function checkHcaList(value: string, { view }: EnvContext): EnvFault | null {
  const { exclude, exact, tokens } = parseHcaList(value);
  if (tokens.length > maxTokens)
    return mismatch(`NCCL reads ${maxTokens} names, the list has ${tokens.length}`);
  if (exclude) return null;
  for (const token of tokens) {
    if (token.port === 0) return mismatch(`${token.name}:0 matches no port: ports count from 1`);
    const fault = tokenFault(token, exact, view.ports, (name) => interfaceOf(view, name) !== null);
    if (fault !== null) return fault;
  }
  return selectionFault(
    view.ports.filter((port) => tokens.some((token) => matches(token, exact, port))),
    tokens,
    exact,
  );
}

export interface HcaToken {
  readonly name: string;
  readonly port: number | null;
}

/** Splits a value as NCCL does; rail and plane fields of 2.30 are ignored. */
function parseHcaList(value: string): { exclude: boolean; exact: boolean; tokens: HcaToken[] } {
  const exclude = value.startsWith('^');
  const rest = exclude ? value.slice(1) : value;
  const exact = rest.startsWith('=');
  const tokens = (exact ? rest.slice(1) : rest)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return {
    exclude,
    exact,
    tokens: tokens.map((text) => {
      const [name = '', port] = text.split(':');
      return { name, port: port === undefined || port === '' ? null : Number(port) };
    }),
  };
}

const maxTokens = 32;

function tokenFault(
  token: HcaToken,
  exact: boolean,
  ports: readonly PortView[],
  isInterface: (name: string) => boolean,
): EnvFault | null {
  const hits = ports.filter((port) => matches(token, exact, port));
  if (hits.length > 0 || (ports.length === 0 && !isInterface(token.name))) return null;
  const device = ports.find((port) => port.netdev === token.name)?.device;
  if (isInterface(token.name))
    return mismatch(
      `${token.name} is a network interface; NCCL compares the list with RDMA device names${device === undefined ? '' : `, here ${device}`}`,
    );
  return mismatch(
    `no RDMA device ${exact ? 'is called' : 'begins with'} ${token.name}; there are ${[...new Set(ports.map((port) => port.device))].join(', ')}`,
  );
}

/** What the whole list selects, as NCCL sees it: ports that are not active never count. */
function selectionFault(
  hits: readonly PortView[],
  tokens: readonly HcaToken[],
  exact: boolean,
): EnvFault | null {
  if (hits.length === 0) return null;
  const states = hits.map((port) => port.facts?.state ?? null);
  if (states.every((state) => state !== null && state !== 'active'))
    return {
      category: 'port-down',
      because: `no port of the list is active: ${hits.map((port) => `${port.key} ${port.facts?.state}`).join(', ')}`,
    };
  const active = hits.filter(
    (port) => port.facts?.state === 'active' || port.facts?.state === null || port.facts === null,
  );
  const layers = new Set(active.flatMap((port) => port.layer ?? []));
  if (layers.size > 1)
    return {
      category: 'mixed-link-layers',
      because: `the list selects InfiniBand and Ethernet ports together: ${active.map((port) => port.key).join(', ')}`,
    };
  const strangers = exact
    ? []
    : active.filter((port) => tokens.every((token) => extendsNumber(token.name, port.device)));
  return strangers.length === 0
    ? null
    : mismatch(
        `names are prefixes without "=": the list also selects ${strangers.map((port) => port.device).join(', ')}`,
      );
}

function matches(token: HcaToken, exact: boolean, port: PortView): boolean {
  const name = exact ? port.device === token.name : port.device.startsWith(token.name);
  return name && (token.port === null || token.port === port.port);
}

/** mlx5_1 was meant and mlx5_10 is hit; `mlx5` was meant as the prefix that it is. */
function extendsNumber(token: string, device: string): boolean {
  if (!device.startsWith(token)) return true;
  return device !== token && /\d$/.test(token) && /^\d/.test(device.slice(token.length));
}

function mismatch(because: string): EnvFault {
  return { category: 'hca-name-mismatch', because };
}
