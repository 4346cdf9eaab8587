/** Who is behind a call. */
import type { Caller } from 'souk/sdk';
import { Problem } from './problem.ts';

/** Another plugin asks for the person behind it. */
export function personBehind(caller: Caller): Caller {
  return caller.kind === 'plugin' ? personBehind(caller.behind) : caller;
}

/** @throws Problem `person_needed` where no user of Souk is behind the call */
export function requirePerson(caller: Caller): string {
  const person = personBehind(caller);
  if (person.kind === 'user') return person.id;
  throw new Problem(403, 'person_needed', 'This is for a person to ask, with a token of theirs.');
}
