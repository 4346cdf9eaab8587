/** What a plugin is told of a host call that is not made: by a server, by `souk dev` and by the test host alike. */
import type { ErrorObject } from 'ajv';
import { toViolation } from '../guest-validator.ts';
import type { Permission } from '../permission.ts';

/** @param errors of the validator; the first of them is told */
export function argumentFault(errors: readonly ErrorObject[] | null | undefined): string {
  const [first] = errors ?? [];
  if (!first) return 'the arguments are not valid';
  const { pointer, message } = toViolation(first);
  return `the arguments ${pointer === '' ? '' : `at ${pointer} `}${message}`;
}

/** A request is denied for its method as well as for its address: both are named. */
export function deniedSentence(capability: string, { name, scope = [], methods = [] }: Permission): string {
  const what = [...methods, scope.join(', ')].filter((part) => part !== '').join(' ');
  return `${capability} needs the permission ${name}${what && ` for ${what}`}, which has not been granted`;
}
