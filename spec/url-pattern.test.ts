import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversUrlPattern, matchesUrlPattern, parseUrlPattern, type UrlPattern } from './url-pattern.ts';

function pattern(text: string): UrlPattern {
  const parsed = parseUrlPattern(text);
  if (typeof parsed === 'string') throw new Error(`${text} ${parsed}`);
  return parsed;
}

describe('parseUrlPattern', () => {
  it.each([
    'https://*.com/*',
    'http://*/*',
    'https://*',
    'https://*:8443/*',
    'https://*.*/*',
    'https://**/*',
    'https://*.0.0.1/*',
    'ftp://example.org/*',
    'https://example.org',
    'https://user@example.org/*',
    'https://example.org/a/../b',
    'https://example.org/*/x',
    'https://exa mple.org/*',
    'https://example.org/?q=1',
    'https://example.org\\@evil.org/*',
    'https://gооgle.com/*',
    'https://*.bücher.example/*',
    'https://ｅxample.org/*',
    'https://ex%61mple.org/*',
    'https://exam\u00adple.org/*',
    'https://exam\u200bple.org/*',
    'https://example。org/*',
    'http://2130706433/x',
    'http://0x7f.1/x',
    'http://127.1/x',
    'http://0177.0.0.1/x',
    'http://[0:0:0:0:0:0:0:1]/x',
    '*',
  ])('refuses %s', (text) => {
    expect(parseUrlPattern(text)).toBeTypeOf('string');
  });
});

describe('parseUrlPattern, of what is plain', () => {
  it.each([
    ['https://EXAMPLE.org/a', 'example.org'],
    ['https://example.org.:443/a', 'example.org'],
    ['https://xn--bcher-kva.example:8443/*', 'xn--bcher-kva.example'],
    ['http://[::1]:8025/hook', '[::1]'],
    ['https://*.example.org/*', 'example.org'],
    ['https://*/*', ''],
  ])('takes %s', (text, host) => expect(pattern(text).host).toBe(host));
});

describe('matchesUrlPattern', () => {
  it.each([
    ['https://discord.com/api/*', 'https://discord.com/api/v10/users', true],
    ['https://discord.com/api/*', 'https://discord.com./api/v10', true],
    ['https://discord.com/api/*', 'https://DISCORD.com/api/v10', true],
    ['https://discord.com/api/*', 'https://discord.com/apix', false],
    ['https://discord.com/api/*', 'https://discord.com/api/../admin', false],
    ['https://discord.com/api/*', 'https://discord.com.evil.org/api/', false],
    ['https://discord.com/api/*', 'https://discord.com@evil.org/api/', false],
    ['https://discord.com/api/*', 'https://a@discord.com/api/', false],
    ['https://discord.com/api/*', 'http://discord.com/api/', false],
    ['https://discord.com/api/*', 'https://discord.com:8443/api/', false],
    ['https://*.example.org/*', 'https://a.b.example.org/', true],
    ['https://*.example.org/*', 'https://example.org/', false],
    ['https://*.example.org/*', 'https://badexample.org/', false],
    ['https://*/*', 'https://hooks.example.org/a?b', true],
    ['https://*/hooks/*', 'https://hooks.example.org/a', false],
    ['https://*/*', 'http://hooks.example.org/a', false],
    ['https://*/*', 'https://hooks.example.org:8443/a', false],
    ['https://*/*', 'https://ada@hooks.example.org/a', false],
    ['http://127.0.0.1/x', 'http://2130706433/x', true],
  ])('%s on %s is %s', (text, url, expected) => {
    expect(matchesUrlPattern(pattern(text), new URL(url))).toBe(expected);
  });
});

describe('coversUrlPattern', () => {
  const hosts = fc.constantFrom(
    'example.org',
    'a.example.org',
    'b.a.example.org',
    '*.example.org',
    '*.a.example.org',
    '*',
  );
  const paths = fc.constantFrom('/', '/*', '/a', '/a*', '/a/*', '/a/b');
  const patterns = fc.tuple(hosts, paths).map(([host, path]) => `https://${host}${path}`);
  const urls = fc
    .tuple(
      fc.constantFrom('example.org', 'a.example.org', 'x.example.org', 'x.a.example.org'),
      fc.constantFrom('/', '/a', '/ab', '/a/b', '/c'),
    )
    .map(([host, path]) => new URL(`https://${host}${path}`));

  it('never calls a pattern covered that lets one URL more through', () => {
    fc.assert(
      fc.property(patterns, patterns, urls, (wide, narrow, url) => {
        fc.pre(coversUrlPattern(pattern(wide), pattern(narrow)));
        if (matchesUrlPattern(pattern(narrow), url)) expect(matchesUrlPattern(pattern(wide), url)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['https://*/*', 'https://hooks.example.org/in/*', true],
    ['https://*/*', 'https://*.example.org/*', true],
    ['https://*.example.org/*', 'https://*/*', false],
    ['https://example.org/*', 'https://*/*', false],
    ['https://*/in/*', 'https://hooks.example.org/*', false],
  ])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(coversUrlPattern(pattern(wide), pattern(narrow))).toBe(expected);
  });

  it('covers itself', () => {
    fc.assert(fc.property(patterns, (text) => coversUrlPattern(pattern(text), pattern(text))));
  });
});
