import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { originOf, readTarget } from './target.ts';

describe('a request target', () => {
  const piece = fc.constantFrom(
    ...'ab0/.?#%\\"\'<>{}|^`[]@:;&=+~!$()*,-_',
    '%2e',
    '%2E',
    '..',
    '/./',
    '\u00e4',
  );
  const target = fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join('')}`);

  test('is what the URL standard makes of it', () => {
    fc.assert(
      fc.property(target, (text) => {
        const { pathname, search } = new URL(`http://host${text}`);
        expect(readTarget(text)).toEqual({ pathname, search });
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['dot segments', '/orgs/../api/v1/me', '/api/v1/me'],
    ['encoded dot segments', '/orgs/%2e%2E/api', '/api'],
    ['backslashes', '/orgs\\a', '/orgs/a'],
    ['absolute form', 'http://elsewhere.example/orgs/a?b', '/orgs/a'],
  ])('%s', (_trick, text, pathname) => {
    expect(readTarget(text)?.pathname).toBe(pathname);
  });

  test.each(['*', 'host:443', 'ftp://host/a', ''])('%j is no target', (text) => {
    expect(readTarget(text)).toBeUndefined();
  });
});

describe('the origin', () => {
  const incoming = { socket: {} } as IncomingMessage;

  test.each([
    ['Example.ORG', 'http://example.org'],
    ['example.org:80', 'http://example.org'],
    ['127.0.0.1:8787', 'http://127.0.0.1:8787'],
    ['[::1]:8787', 'http://[::1]:8787'],
    ['[0:0:0:0:0:0:0:1]', 'http://[::1]'],
    ['0x7f.1:080', 'http://127.0.0.1'],
  ])('of %s', (host, origin) => {
    expect(originOf(incoming, host)).toBe(origin);
  });

  test.each([
    null,
    '',
    'a b',
    'a/b',
    'user@host',
    'a, b',
    'host:',
    '[::1',
    'host:99999',
    '[::::]',
    '1.2.3.999',
  ])('%j names no host', async (host) => {
    expect(await codeOf(() => originOf(incoming, host))).toBe('request_invalid');
  });

  test.each([
    ['127.0.0.1', 'http://127.0.0.1:8787'],
    ['::1', 'http://[::1]:8787'],
  ])('is in HTTP/1.0 the address %s of the server where no host is named', (localAddress, origin) => {
    const socket = { localAddress, localPort: 8787 };
    expect(originOf({ socket, httpVersionMinor: 0 } as IncomingMessage, null)).toBe(origin);
    expect(() => originOf({ socket, httpVersionMinor: 1 } as IncomingMessage, null)).toThrow('no Host');
    expect(() => originOf({ socket, httpVersionMinor: 0 } as IncomingMessage, 'a b')).toThrow('"a b"');
  });
});
