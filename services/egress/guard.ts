/**
 * The guard at the one place that every request passes: where a connection is made. Literal addresses and every answer
 * of a name are judged, and the connection goes to the answers that were judged and to nothing else, so that a name
 * that changes its answer between the two (DNS rebinding) gains nothing. The HTTP client comes here for each
 * connection, whatever led to it.
 */
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import { isPublic, toAddress, type Address } from './address.ts';
import { isAddressAllowed, isHostAllowed, type EgressAllow } from './allow-list.ts';
import { egressFailed } from '../../spec/egress/failure.ts';
import type { Resolve } from './resolver.ts';
import { bareHost, portOf } from '../../spec/egress/target.ts';

type Connector = buildConnector.connector;

/** What the judgement of a place needs. */
export type JudgePorts = { readonly allow: EgressAllow; readonly resolve: Resolve };

export type GuardPorts = JudgePorts & {
  /** Makes a connector that reaches only these addresses. */
  readonly connectTo: (addresses: readonly Address[]) => Connector;
};

/** @returns what the HTTP client calls for each new connection */
export function guardedConnector(ports: GuardPorts): Connector {
  return (options, callback) => void connect(ports, options, callback);
}

async function connect(
  ports: GuardPorts,
  options: buildConnector.Options,
  callback: buildConnector.Callback,
): Promise<void> {
  let addresses: readonly Address[];
  try {
    addresses = await judge({ host: bareHost(options.hostname), port: portOf(options) }, ports);
  } catch (error) {
    callback(error instanceof Error ? error : egressFailed('broken'), null);
    return;
  }
  ports.connectTo(addresses)(options, callback);
}

/**
 * @param place host without brackets, in the form of the URL parser
 * @returns the only addresses that may be connected to
 * @throws Refusal `egress_failed`
 */
export async function judge(
  place: { readonly host: string; readonly port: number },
  { allow, resolve }: JudgePorts,
): Promise<readonly Address[]> {
  const isNamed = isHostAllowed(allow, place);
  const literal = toAddress(place.host);
  const addresses = literal ? [literal] : await lookUp(place.host, isNamed ? 'system' : 'dns', resolve);
  if (addresses.length === 0) throw egressFailed('unresolvable');
  const isOpen = (address: Address): boolean =>
    isNamed || isPublic(address) || isAddressAllowed(allow, address);
  // One forbidden answer forbids the name: the client would fall through to it when the others do not answer.
  if (!addresses.every(isOpen)) throw egressFailed('blocked');
  return addresses;
}

async function lookUp(name: string, way: 'dns' | 'system', resolve: Resolve): Promise<readonly Address[]> {
  try {
    return await resolve(name, way);
  } catch {
    throw egressFailed('unresolvable');
  }
}

/** Connects over TCP and TLS. Nothing of what a plugin says gets into the options. */
export function connectTo(addresses: readonly Address[]): Connector {
  return buildConnector({
    allowH2: false,
    timeout: EGRESS_LIMITS.connectMsMax,
    lookup: pinnedLookup(addresses),
  });
}

/** Not called for a host that is an address. */
export function pinnedLookup(addresses: readonly Address[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}
