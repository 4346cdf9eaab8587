/** Namespaces of presets: who may change what lies in them, and who sees it. */
import type { Caller, Host } from 'souk/sdk';

export type Namespace = {
  readonly namespace: string;
  readonly title: string;
  /** `public` shows its presets to everybody, `members` to the organization. */
  readonly visibility: 'public' | 'members';
  /** The user who made it; null where a plugin or the server did. */
  readonly owner: string | null;
  readonly collaborators: readonly string[];
};

const keyOf = (namespace: string): string => `namespace/${namespace}`;

export async function listNamespaces(host: Host): Promise<Namespace[]> {
  const found: Namespace[] = [];
  for (let after: string | undefined; ;) {
    const { keys, next } = await host.kv.list({
      prefix: 'namespace/',
      limit: 100,
      ...(after ? { after } : {}),
    });
    const values = await host.kv.getMany<Namespace>(keys);
    found.push(...values.map(([, namespace]) => namespace));
    if (next === null) return found.filter((each) => maySee(each, host.caller));
    after = next;
  }
}

export async function findNamespace(namespace: string, host: Host): Promise<Namespace | null> {
  return host.kv.get<Namespace>(keyOf(namespace));
}

export async function saveNamespace(namespace: Namespace, host: Host): Promise<void> {
  await host.kv.set(keyOf(namespace.namespace), namespace);
}

export async function dropNamespace(namespace: string, host: Host): Promise<void> {
  await host.kv.delete(keyOf(namespace));
}

/** Another plugin asks for the person behind it; one that runs by itself sees what the organization sees. */
export function personBehind(caller: Caller): Caller {
  return caller.kind === 'plugin' ? personBehind(caller.behind) : caller;
}

export function userOf(caller: Caller): string | null {
  const person = personBehind(caller);
  return person.kind === 'user' ? person.id : null;
}

export function maySee({ visibility }: Namespace, caller: Caller): boolean {
  return visibility === 'public' || isMember(personBehind(caller));
}

export function mayChange({ owner, collaborators }: Namespace, caller: Caller): boolean {
  const person = personBehind(caller);
  if (person.kind === 'system') return true;
  if (person.kind !== 'user') return false;
  return (
    person.id === owner ||
    collaborators.includes(person.id) ||
    person.role === 'admin' ||
    person.role === 'owner'
  );
}

function isMember(person: Caller): boolean {
  return person.kind === 'system' || (person.kind === 'user' && person.role !== null);
}
