/** An outside for the tests of egress: names that answer as they are told, and connections that are only recorded. */
import { buildConnector } from 'undici';
import type { HostBody } from '../../../spec/host/capability.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { Permission } from '../../../spec/permission.ts';
import type { Address } from '../address.ts';
import { parseEgressAllow } from '../allow-list.ts';
import { openEgress, type Egress, type EgressContext, type EgressObserver } from '../http-fetch.ts';

export type Outside = {
  readonly egress: Egress;
  /** Every list of addresses that a connection was to go to. */
  readonly connections: (readonly Address[])[];
  /** Every name that was looked up, and how. */
  readonly lookups: string[];
  readonly observed: Parameters<EgressObserver>[1][];
  /** Bodies that are to be pulled, in the order of their answers. */
  readonly bodies: HostBody[];
  fetch(request: JsonObject, context?: Partial<EgressContext>): Promise<JsonObject>;
};

export type OutsideOptions = {
  readonly grants: readonly Permission[];
  readonly allow?: string;
  /** Answers of the name servers, one list for each query in turn; the last one stays. */
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** `record` refuses every connection; `loopback` connects to those of this machine. */
  readonly connections?: 'record' | 'loopback';
};

export function openOutside(options: OutsideOptions): Outside {
  const connections: (readonly Address[])[] = [];
  const lookups: string[] = [];
  const observed: Parameters<EgressObserver>[1][] = [];
  const bodies: HostBody[] = [];
  const names = new Map(Object.entries(options.names ?? {}).map(([name, lists]) => [name, [...lists]]));
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const allow = parseEgressAllow(options.allow ?? '');
  if (typeof allow === 'string') throw new Error(allow);
  const egress = openEgress({
    allow,
    readSecret: async (_context, name) => secrets.get(name) ?? null,
    observe: (_context, request) => observed.push(request),
    network: {
      resolve: async (name, way) => {
        lookups.push(`${name} ${way}`);
        const lists = names.get(name) ?? [];
        const answer = (lists.length > 1 ? lists.shift() : lists[0]) ?? [];
        return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
      connectTo: (addresses) => {
        connections.push(addresses);
        return options.connections === 'loopback' ? loopback(addresses) : refuse;
      },
    },
  });
  const contextOf = (part: Partial<EgressContext>): EgressContext => ({
    guest: { installationId: 'i', org: { id: 'o' }, plugin: { id: 'a/b' }, grants: options.grants },
    requestId: 'r',
    deadline: performance.now() + 60_000,
    signal: new AbortController().signal,
    giveBody: (body) => void bodies.push(body),
    ...part,
  });
  const fetch = async (request: JsonObject, part: Partial<EgressContext> = {}): Promise<JsonObject> =>
    (await egress.capability.act({ method: 'GET', ...request }, contextOf(part))) as JsonObject;
  return { egress, connections, lookups, observed, bodies, fetch };
}

const refuse: buildConnector.connector = (_options, callback) => {
  callback(Object.assign(new Error('recorded'), { code: 'ECONNREFUSED' }), null);
};

function loopback(addresses: readonly Address[]): buildConnector.connector {
  const isHome = addresses.every(({ address }) => address === '127.0.0.1' || address === '::1');
  if (!isHome) return refuse;
  return buildConnector({
    allowH2: false,
    lookup: (_name, { all }, callback) => {
      if (all) callback(null, [...addresses]);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    },
  });
}
