/** reportError (HTML section 8.1.4.6): an exception that no caller is there to catch goes to the log. */
import { bound } from './bound.ts';
import { describe } from './describe.ts';
import { requireArguments } from './web-idl.ts';

export function reportError(error: unknown): void {
  requireArguments(arguments.length, 1, 'reportError');
  bound().log('error', `Uncaught ${describe(error)}`);
}
