/**
 * What an instance lets plugins reach beyond the public Internet: `SOUK_EGRESS_ALLOW`, entries separated by commas.
 *
 * - `mail.intern:8025`, `localhost`, `10.0.0.5:8080`, `[fd00::5]`: this host as a URL names it, on this port or, where
 *   none is given, on any. Whatever addresses the name has, a hosts file included, are reached.
 * - `10.1.0.0/16`, `fd00::/8`: every address of the block, whichever name leads there.
 *
 * A grant is needed all the same: the list only lifts the guard.
 */
import { bareHost } from '../../spec/egress/target.ts';
import { isInRanges, parseRange, type Address, type AddressRange } from './address.ts';

export type EgressAllow = {
  readonly hosts: readonly { readonly host: string; readonly port: number | null }[];
  readonly ranges: readonly AddressRange[];
};

const HOST = /^(\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]*%]+)(?::(\d{1,5}))?$/iu;

/** @returns the list, or a sentence that says what is wrong with it */
export function parseEgressAllow(text: string): EgressAllow | string {
  const hosts: { host: string; port: number | null }[] = [];
  const ranges: AddressRange[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const range = entry.includes('/') ? parseRange(entry) : undefined;
    const host = range ? undefined : parseHost(entry);
    if (range) ranges.push(range);
    else if (host) hosts.push(host);
    else return `has the entry ${JSON.stringify(entry)}, which is not host, host:port or address/bits`;
  }
  return { hosts, ranges };
}

function parseHost(entry: string): { host: string; port: number | null } | undefined {
  const [, name, digits] = HOST.exec(entry) ?? [];
  if (name === undefined || !URL.canParse(`http://${name}/`)) return undefined;
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port < 1 || port > 65_535)) return undefined;
  return { host: bareHost(new URL(`http://${name}/`).hostname), port };
}

/** @param place host without brackets, in the form of the URL parser */
export function isHostAllowed({ hosts }: EgressAllow, place: { host: string; port: number }): boolean {
  return hosts.some(({ host, port }) => host === place.host && (port === null || port === place.port));
}

export function isAddressAllowed({ ranges }: EgressAllow, address: Address): boolean {
  return isInRanges(address, ranges);
}
