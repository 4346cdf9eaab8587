/** Names to addresses. */
import { lookup, Resolver } from 'node:dns/promises';
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import { toAddress, type Address } from './address.ts';

/**
 * Looks a name up.
 * @param way `dns` asks the name servers alone; `system` as the machine does, its hosts file included
 * @returns every address; none where there is none
 */
export type Resolve = (name: string, way: 'dns' | 'system') => Promise<readonly Address[]>;

/**
 * Names that plugins choose are asked of the name servers directly: getaddrinfo would hold a thread of the few that
 * the server's own files need, for as long as a stranger's name server likes to be silent.
 * @param servers `configured` are those of the machine; else each `address:port`
 * @param answerMsMax how long they may take
 */
export function createResolve(
  servers: 'configured' | readonly string[],
  answerMsMax: number = EGRESS_LIMITS.resolveMsMax,
): Resolve {
  return async (name, way) => {
    const found = way === 'system' ? await askSystem(name) : await askNameServers(name, servers, answerMsMax);
    return found.flatMap((text) => toAddress(text) ?? []);
  };
}

async function askSystem(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}

async function askNameServers(
  name: string,
  servers: 'configured' | readonly string[],
  answerMsMax: number,
): Promise<string[]> {
  const resolver = new Resolver({ timeout: answerMsMax, tries: 1, maxTimeout: answerMsMax });
  if (servers !== 'configured') resolver.setServers(servers);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
