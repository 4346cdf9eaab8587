/**
 * Which addresses a plugin may reach. It is a list of what is allowed, not of what is forbidden: IPv4 addresses that
 * no registry reserves, and IPv6 addresses of the one global block, 2000::/3. An IPv4 address inside an IPv6 one
 * (mapped, compatible, NAT64, 6to4, Teredo) is never taken for either.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = { readonly address: string; readonly family: 4 | 6 };
/** A block of addresses: its first one, and how many leading bits are fixed. */
export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** IANA special-purpose registries (RFC 6890 and its successors), and the wire server of a large cloud. */
const BLOCKED_IPV4 = ranges([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

const GLOBAL_IPV6 = ranges(['2000::/3']);
/** Within the global block: protocol assignments with Teredo, documentation, 6to4, AS112. */
const BLOCKED_IPV6 = ranges(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);

/** @returns the address, or undefined for text that is not one in its usual form */
export function toAddress(text: string): Address | undefined {
  const family = isIP(text);
  return family === 4 || family === 6 ? { address: text, family } : undefined;
}

/** @returns whether anybody on the Internet could be meant by it, and nobody nearer */
export function isPublic({ address }: Address): boolean {
  const parsed = parse(address);
  if (!parsed) return false;
  if (parsed.kind() === 'ipv4') return !isWithin(parsed, BLOCKED_IPV4) && parsed.range() === 'unicast';
  return isWithin(parsed, GLOBAL_IPV6) && !isWithin(parsed, BLOCKED_IPV6) && parsed.range() === 'unicast';
}

/** @returns whether the address lies in one of the ranges of its own family */
export function isInRanges({ address }: Address, within: readonly AddressRange[]): boolean {
  const parsed = parse(address);
  return parsed !== undefined && isWithin(parsed, within);
}

/** @returns undefined for text that is not an address, a slash and a number of bits */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', bits = ''] = text.split('/');
  const family = isIP(address);
  const bitsMax = family === 4 ? 32 : 128;
  if (family === 0 || address.includes('%') || !/^\d{1,3}$/u.test(bits) || Number(bits) > bitsMax) {
    return undefined;
  }
  return text === `${address}/${bits}` ? [ipaddr.parse(address), Number(bits)] : undefined;
}

function ranges(texts: readonly string[]): AddressRange[] {
  return texts.map((text) => ipaddr.parseCIDR(text));
}

/** A zone (`fe80::1%eth0`) names an interface of this machine: no address of the Internet has one. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return isIP(text) === 0 || text.includes('%') ? undefined : ipaddr.parse(text);
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, within: readonly AddressRange[]): boolean {
  return within.some(([first, bits]) => address.kind() === first.kind() && address.match(first, bits));
}
