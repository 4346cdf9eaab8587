/** Errors as they cross the bridge: data on the way in, a bounded description on the way out. */
import type { AnswerHead, ErrorData } from './bridge.ts';
import { errorText, positionsOf, type CallSite } from './error-text.ts';
import {
  defineProperty,
  ErrorConstructor,
  hasOwn,
  ownKeys,
  parse,
  stringSlice,
  stringify,
  TypeErrorConstructor,
} from './primordials.ts';

const STACK_CHARS_MAX = 4_000;
/** Longer than a code may be: what is cut here is seen to be none. */
const CODE_CHARS_MAX = 100;

/**
 * Turns what the host refused into an error of the guest's own realm.
 * @param site where the guest asked the host: by now nothing of that is left on the stack
 */
export function errorFromHost(text: string, site?: CallSite): Error {
  const data = parse(text) as ErrorData;
  const Constructor = data.name === 'TypeError' ? TypeErrorConstructor : ErrorConstructor;
  const error = new Constructor(data.message) as Error & { code?: string; permission?: string };
  define(error, 'name', data.name);
  define(error, 'code', data.code);
  if (site) define(error, 'stack', `${data.name}: ${data.message}${positionsOf(site)}`);
  if (data.permission !== undefined) define(error, 'permission', data.permission);
  const { extensions } = data;
  if (extensions === undefined) return error;
  const names = ownKeys(extensions) as string[];
  for (let index = 0; index < names.length; index++) {
    const key = names[index] as string;
    if (!hasOwn(error, key)) define(error, key, extensions[key]);
  }
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  defineProperty(error, key, {
    __proto__: null,
    value,
    configurable: true,
    writable: true,
  } as PropertyDescriptor);
}

/** Describes whatever guest code threw; every property is read once and none is trusted to be readable. */
export function describeThrown(thrown: unknown, messageCharsMax: number): AnswerHead {
  try {
    if (typeof thrown !== 'object' || thrown === null) {
      return { reason: 'thrown', message: stringSlice(String(thrown), 0, messageCharsMax), stack: '' };
    }
    const { name, message, stack, code } = thrown as Readonly<Record<string, unknown>>;
    const label = typeof name === 'string' && name !== '' ? name + ': ' : '';
    const text = typeof message === 'string' ? label + message : objectText(thrown);
    return {
      reason: 'thrown',
      message: stringSlice(text, 0, messageCharsMax),
      stack: typeof stack === 'string' ? stringSlice(errorText(thrown), 0, STACK_CHARS_MAX) : '',
      ...(typeof code === 'string' ? { code: stringSlice(code, 0, CODE_CHARS_MAX) } : {}),
    };
  } catch {
    return { reason: 'thrown', message: 'the guest threw something that cannot be read', stack: '' };
  }
}

function objectText(thrown: object): string {
  const text: unknown = stringify(thrown);
  return typeof text === 'string' ? text : 'an object without a message';
}
