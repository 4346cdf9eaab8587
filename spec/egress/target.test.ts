import { describe, expect, it } from 'vitest';
import { coversPermission, type Permission } from '../permission.ts';
import { isGranted, parseTarget, permissionFor } from './target.ts';

describe('what is no address to send to', () => {
  it.each([
    ['user information', 'https://discord.com@evil.example/'],
    ['a password alone', 'https://:x@example.org/'],
    ['a tab in the host', 'https://exa\tmple.org/'],
    ['a newline in the path', 'https://example.org/a\nb'],
    ['a leading space', ' https://example.org/'],
    ['U+0000', 'https://example.org/\0'],
    ['a C1 control character', 'https://example.org/\u0085'],
    ['a backslash', 'https:\\\\example.org\\a'],
    ['a backslash before the at sign', 'https://discord.com\\@evil.example/'],
    ['a relative reference', '/etc/passwd'],
    ['no scheme', '//example.org/'],
    ['file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['ftp', 'ftp://example.org/'],
    ['a web socket', 'wss://example.org/'],
    ['two dots at the end', 'https://example.org../'],
    ['an empty label', 'https://a..example.org/'],
    ['a last label of digits', 'https://example.1/'],
    ['a port beyond 65,535', 'https://example.org:65536/'],
    ['an address with too many parts', 'https://1.2.3.4.5/'],
    ['dots behind an encoded slash', 'https://example.org/api/..%2fadmin'],
    ['dots behind an encoded backslash', 'https://example.org/api/..%5Cadmin'],
    ['dots that are encoded twice', 'https://example.org/api/%252e%252e/admin'],
    ['dots with a parameter', 'https://example.org/api/..;a=b/admin'],
    ['a dot behind an encoded slash', 'https://example.org/api%2F./admin'],
    ['a host that is longer than any name', `https:///${'\u4e00'.repeat(1_100)}.example/`],
    ['a URL of 9,000 characters', `https://example.org/${'a'.repeat(9_000)}`],
  ])('%s', (_trick, text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'egress_url_invalid' }));
  });
});

const grant = (scope: string, methods?: Permission['methods']): Permission[] => [
  { name: 'http.fetch', scope: [scope], ...(methods ? { methods } : {}) },
];

it.each([
  'https://example.org/projects/group%2Fname',
  'https://example.org/a..b/...;x/.well-known/%2e.hidden?q=../%2e%2e',
])('%s is a place', (text) => {
  expect(parseTarget(text).href).toBe(text);
});

describe('a grant', () => {
  it.each([
    ['the same place', 'https://a.example.org/api/*', 'https://a.example.org/api/x?q=1#f', true],
    ['a trailing dot', 'https://a.example.org/api/*', 'https://a.example.org./api/x', true],
    ['the default port written out', 'https://a.example.org/*', 'https://a.example.org:443/', true],
    ['upper case', 'https://a.example.org/*', 'HTTPS://A.EXAMPLE.ORG/', true],
    ['dots that leave the path', 'https://a.example.org/api/*', 'https://a.example.org/api/../admin', false],
    [
      'encoded dots that leave the path',
      'https://a.example.org/api/*',
      'https://a.example.org/api/%2e%2e/x',
      false,
    ],
    ['another port', 'https://a.example.org/*', 'https://a.example.org:8443/', false],
    ['another scheme', 'https://a.example.org/*', 'http://a.example.org/', false],
    ['the host as a part of another', 'https://example.org/*', 'https://example.org.evil.net/', false],
    ['the host as the end of another', 'https://example.org/*', 'https://notexample.org/', false],
    ['a label below a wildcard', 'https://*.example.org/*', 'https://a.b.example.org/', true],
    ['the suffix of a wildcard itself', 'https://*.example.org/*', 'https://example.org/', false],
    ['no dot before the suffix', 'https://*.example.org/*', 'https://evilexample.org/', false],
    ['a star in the path of the URL', 'https://a.example.org/x*', 'https://a.example.org/x*y*', true],
    ['a star where the path is exact', 'https://a.example.org/x', 'https://a.example.org/*', false],
    ['a full-width host', 'https://example.org/*', 'https://ｅxample.org/', true],
  ])('%s', (_name, scope, url, isInside) => {
    const target = parseTarget(url);
    expect(isGranted(grant(scope), 'GET', target)).toBe(isInside);
    const asked = permissionFor('GET', target);
    expect(grant(scope).some((held) => coversPermission(held, asked))).toBe(isInside);
  });

  it('covers its methods alone, and none of another permission', () => {
    const target = parseTarget('https://a.example.org/');
    expect(isGranted(grant('https://a.example.org/*', ['GET']), 'POST', target)).toBe(false);
    expect(isGranted([{ name: 'http.fetch' }, { name: 'kv' }], 'GET', target)).toBe(false);
  });
});
