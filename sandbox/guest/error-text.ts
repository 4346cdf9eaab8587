/** Errors as the log shows them: where in the plugin they were made, and what they were made of. */
import {
  captureStackTrace,
  create,
  hasOwn,
  isArray,
  stringIndexOf,
  stringify,
  stringSlice,
} from './primordials.ts';

/** Of an error of errors so many are shown, and of causes of causes. */
const PARTS_MAX = 5;
const DEPTH_MAX = 4;
/** Beyond this a line of the log ends anyway. */
const CHARS_MAX = 8_192;
/** How the runtime's own positions are named: they say nothing to the author of a plugin. */
const RUNTIME = 'souk:guest:';

/** What `captureStackTrace` writes a stack upon. */
export type CallSite = { readonly stack?: unknown };

/** Where the guest is now; the text of it is made only when it is read. */
export function callSite(): CallSite {
  const site = create(null) as { name: string; message: string; stack?: unknown };
  // Nobody else's names stand in its first line.
  site.name = 'Error';
  site.message = '';
  captureStackTrace(site);
  return site;
}

/** @returns the positions of a site, each after a line feed; none where the guest's own `prepareStackTrace` fails */
export function positionsOf(site: CallSite): string {
  try {
    const { stack } = site;
    if (typeof stack !== 'string') return '';
    const firstEnd = stringIndexOf(stack, '\n');
    const lines = firstEnd < 0 ? '' : withoutRuntime(stringSlice(stack, firstEnd + 1));
    return lines === '' ? '' : `\n${lines}`;
  } catch {
    return '';
  }
}

/**
 * @param error of the guest, whose getters run in its own time
 * @returns its stack, or else its name and message, and the same of its causes
 */
export function errorText(error: object, depth = 0): string {
  const { name, message, stack } = error as Readonly<Record<string, unknown>>;
  const headline = `${String(name)}: ${String(message)}`;
  let text = typeof stack === 'string' && stack !== '' ? withoutRuntime(stack) : headline;
  if (depth >= DEPTH_MAX) return text;
  if (hasOwn(error, 'errors')) text += partsText((error as { errors: unknown }).errors, depth);
  if (hasOwn(error, 'cause')) text += `\nCaused by: ${causeText((error as { cause: unknown }).cause, depth)}`;
  return text;
}

function partsText(errors: unknown, depth: number): string {
  if (!isArray(errors)) return '';
  let text = '';
  for (let index = 0; index < errors.length && index < PARTS_MAX; index++)
    text += `\nOne of them: ${causeText(errors[index], depth)}`;
  return text;
}

function causeText(cause: unknown, depth: number): string {
  if (typeof cause !== 'object' || cause === null) return String(cause);
  if (typeof (cause as { message?: unknown }).message === 'string') return errorText(cause, depth + 1);
  const text: unknown = stringify(cause);
  return typeof text === 'string' ? text : 'an object';
}

function withoutRuntime(stack: string): string {
  let rest = stringSlice(stack, 0, CHARS_MAX);
  if (stringIndexOf(rest, RUNTIME) < 0) return rest;
  let kept = '';
  for (;;) {
    const end = stringIndexOf(rest, '\n');
    const line = end < 0 ? rest : stringSlice(rest, 0, end);
    if (stringIndexOf(line, RUNTIME) < 0) kept += kept === '' ? line : `\n${line}`;
    if (end < 0) return kept;
    rest = stringSlice(rest, end + 1);
  }
}
