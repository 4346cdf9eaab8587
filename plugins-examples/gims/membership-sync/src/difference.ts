/** Who is to be added to a group and who removed. */
import type { Person } from './platforms.ts';

export type Difference = {
  /** Ids as the records and links give them. */
  readonly add: readonly string[];
  /** As the platform names them, beside the id under which they were added. */
  readonly remove: readonly { readonly id: string; readonly addedAs: string }[];
  /** Ids that this plugin has added and that are not there any more. */
  readonly gone: readonly string[];
};

/**
 * People whom somebody else has added stay. A person has an id and perhaps a name on the platform; either is meant,
 * in large or small letters.
 * @param added whom this plugin has added
 */
export function differenceOf(
  wanted: readonly string[],
  present: readonly Person[],
  added: ReadonlySet<string>,
): Difference {
  const there = new Map(present.flatMap((person) => namesOf(person).map((name) => [name, person] as const)));
  const wantedIds = new Set(wanted.map(canonical).map((name) => there.get(name)?.id ?? name));
  const remove = [...added].flatMap((addedAs) => {
    const person = there.get(canonical(addedAs));
    return person && !wantedIds.has(person.id) ? [{ id: person.id, addedAs }] : [];
  });
  const missing = wanted.filter((id) => !there.has(canonical(id)));
  const gone = [...added].filter((id) => !there.has(canonical(id)));
  return { add: [...new Map(missing.map((id) => [canonical(id), id])).values()], remove, gone };
}

function namesOf({ id, name }: Person): string[] {
  return [id, ...(name === undefined ? [] : [name])].map(canonical);
}

const canonical = (id: string): string => id.replace(/^@/u, '').toLowerCase();
