import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from './allow-list.ts';

describe('the list of what the instance allows', () => {
  it.each(['', ' ', 'localhost', 'a.b:80, [::1]:8080 ,10.0.0.0/8,fd00::/8,10.0.0.1'])('takes %j', (text) => {
    expect(typeof parseEgressAllow(text)).toBe('object');
  });
  it.each([
    'http://a',
    'a/b',
    '10.0.0.0/33',
    '10.0.0/8',
    'a:0',
    'a:70000',
    '*',
    '*.a.org',
    'a b',
    'u@a',
    '::1',
    '10.0.0.0/8/8',
    'fe80::1%eth0/64',
    '10.0.0.0/ 8',
  ])('does not take %j', (text) => expect(parseEgressAllow(text)).toEqual(expect.any(String)));
});
