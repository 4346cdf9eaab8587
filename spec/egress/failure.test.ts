import { expect, it } from 'vitest';
import { Refusal } from '../refusal.ts';
import { reasonOf, toEgressRefusal } from './failure.ts';

const coded = (code: string, cause?: Error): Error =>
  Object.assign(new Error('10.0.0.1:80', { cause }), { code });
const running = new AbortController().signal;

it.each([
  ['a time limit of the client', coded('UND_ERR_CONNECT_TIMEOUT'), 'timeout'],
  ['a time limit of the system', coded('ETIMEDOUT'), 'timeout'],
  ['a time limit of a signal', new DOMException('late', 'TimeoutError'), 'timeout'],
  ['a refused connection', coded('ECONNREFUSED'), 'unreachable'],
  ['no way there', coded('EHOSTUNREACH'), 'unreachable'],
  ['no address that answers', new AggregateError([new Error('one')]), 'unreachable'],
  ['the cause of what was thrown', coded('x', coded('ENETUNREACH')), 'unreachable'],
  ['anything else', coded('ECONNRESET'), 'broken'],
  ['what is no error', 'text', 'broken'],
])('%s is told to the operator, and the plugin hears the same of each', (_what, error, reason) => {
  const refusal = toEgressRefusal(error, running);
  expect(reasonOf(refusal)).toBe(reason);
  expect({ ...refusal, message: refusal.message }).toEqual({
    ...toEgressRefusal(new Error('x'), running),
    message: 'The request could not be made, or was not answered.',
  });
});

it('what was aborted ran out of time, unless a refusal says why', () => {
  expect(reasonOf(toEgressRefusal(new Error('x'), AbortSignal.abort()))).toBe('timeout');
  const refusal = new Refusal('permission_denied', { detail: 'x' });
  expect(toEgressRefusal(new Error('y', { cause: refusal }), AbortSignal.abort())).toBe(refusal);
});
