/** Hides what should not leave the site: public addresses (also inside GIDs), serial numbers, GPU UUIDs. */
import { ipv4Number, ipv4OfGid, ipv6Groups } from '../parse/address.ts';

/** Masked addresses are no addresses: explain keeps them as text and never takes one for another. */
export function maskText(text: string): string {
  return text
    .replace(/(?<![\w.:])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/g, (found) =>
      isPublic(found) ? `x.x.${found.split('.').slice(2).join('.')}` : found,
    )
    .replace(/(?<![\w.:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}(?![\w.:])/gi, maskIpv6)
    .replace(/<serial>[^<]*</g, '<serial>masked<')
    .replace(/GPU-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, 'GPU-masked');
}

/** Names under which engines and tools keep secrets. */
export function isSecretName(name: string): boolean {
  return /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i.test(name);
}

function maskIpv6(found: string): string {
  const groups = ipv6Groups(found);
  if (groups === null) return found;
  const ipv4 = ipv4OfGid(found);
  if (ipv4 !== null)
    return isPublic(ipv4) ? found.replace(/[0-9a-f]{1,4}:([0-9a-f]{1,4})$/i, 'xxxx:$1') : found;
  return ((groups[0] ?? 0) & 0xe000) === 0x2000 ? `xxxx:xxxx:${found.split(':').slice(2).join(':')}` : found;
}

/** Neither private (RFC 1918, 6598), loopback, link-local, multicast, nor a netmask. */
function isPublic(address: string): boolean {
  const number = ipv4Number(address);
  if (number === null) return false;
  return !LOCAL.some(
    ([base, prefix]) =>
      Math.floor(number / 2 ** (32 - prefix)) === Math.floor((ipv4Number(base) ?? 0) / 2 ** (32 - prefix)),
  );
}

const LOCAL: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];
