/**
 * What a guest is told of a run, as text. Parts that many handlers never look at stay JSON until one does.
 *
 * ```
 * caller as JSON LF headers as JSON LF method LF URL    for a request
 * caller as JSON LF LF work as JSON                     for everything else
 * ```
 *
 * JSON as V8 writes it has no line feed, so whatever a method or URL holds, it cannot pass for the caller or a header.
 */
import type { HandlerHead, RunHead } from './bridge.ts';
import { parse, stringIndexOf, stringSlice } from './primordials.ts';

type Pairs = readonly (readonly [string, string])[];

/** For a request. */
export function writeRequestHead(
  caller: unknown,
  { method, url, headers }: { readonly method: string; readonly url: string; readonly headers: Pairs },
): string {
  return `${JSON.stringify(caller)}\n${JSON.stringify(headers)}\n${method}\n${url}`;
}

/** For a hook, a health test or a named handler. */
export function writeHandlerHead(caller: unknown, work: Omit<HandlerHead, 'kind'>): string {
  return `${JSON.stringify(caller)}\n\n${JSON.stringify(work)}`;
}

/** @param text as one of the above has written it */
export function readRunHead(text: string): RunHead {
  const callerEnd = stringIndexOf(text, '\n');
  const headersEnd = stringIndexOf(text, '\n', callerEnd + 1);
  const callerText = stringSlice(text, 0, callerEnd);
  if (headersEnd === callerEnd + 1) {
    const work = parse(stringSlice(text, headersEnd + 1)) as Omit<HandlerHead, 'kind'>;
    return { callerText, work: { ...work, kind: 'handler' } };
  }
  const methodEnd = stringIndexOf(text, '\n', headersEnd + 1);
  return {
    callerText,
    work: {
      kind: 'request',
      method: stringSlice(text, headersEnd + 1, methodEnd),
      url: stringSlice(text, methodEnd + 1),
      headersText: stringSlice(text, callerEnd + 1, headersEnd),
    },
  };
}
