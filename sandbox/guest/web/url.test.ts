import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

/** After the kinds of cases in web-platform-tests' urltestdata.json; the oracle says what each parses to. */
const INPUTS: readonly (readonly [input: string, base?: string])[] = [
  ['http://example\t.\norg', 'http://example.org/foo/bar'],
  ['http://user:pass@foo:21/bar;par?b#c'],
  ['https://test:@test'],
  ['https://:@test'],
  ['http://f:0/c'],
  ['http://f:00000000000080/c'],
  ['http://f:65536/c'],
  ['http://f:b/c'],
  ['http://f: /c'],
  ['http:foo.com', 'http://example.org/foo/bar'],
  ['\t   :foo.com   \n', 'http://example.org/foo/bar'],
  [' foo.com  ', 'http://example.org/foo/bar'],
  ['a:\t foo.com'],
  ['http://f:/c'],
  ['', 'http://example.org/foo/bar'],
  ['  \t'],
  [':/', 'http://example.org/foo/bar'],
  ['#', 'http://example.org/foo/bar'],
  ['?', 'http://example.org/foo/bar'],
  ['/', 'http://example.org/foo/bar'],
  ['\\x', 'http://example.org/foo/bar'],
  ['//x/y', 'https://example.org/'],
  ['///a', 'https://b/'],
  ['http://[1::2]:3:4'],
  ['http://2001::1'],
  ['http://[::127.0.0.1]'],
  ['http://[0:0:0:0:0:0:13.1.68.3]'],
  ['http://[2001::1]:80'],
  ['http://[www.google.com]/'],
  ['http://[::1.2.3.4x]'],
  ['http://[::%31]'],
  ['http://[1:2:3:4:5:6:7:8:9]'],
  ['http://[::ffff:1.2.3.4]/'],
  ['http://192.0x00A80001'],
  ['http://0x7f.1/test'],
  ['http://256.256.256.256'],
  ['http://1.2.3.4.5'],
  ['http://0300.168.0.1'],
  ['http://4294967295'],
  ['http://4294967296'],
  ['http://foo.0x'],
  ['http://09.2.3.4'],
  ['http://1.2.3.08'],
  ['http://2130706433/'],
  ['file:///foo/bar/../baz'],
  ['file://localhost/x'],
  ['file:c:\\foo\\bar'],
  ['file:///C|/demo'],
  ['/c:/foo', 'file:///c:/bar'],
  ['file://example:1/'],
  ['file:..', 'file:///C:/x/y'],
  ['javascript:alert(1)'],
  ['mailto:a@b?c#d'],
  ['data:text/html,x y#f g'],
  ['blob:https://example.com:443/x'],
  ['about:blank'],
  ['non-special://test:@/x'],
  ['sc://ñ/'],
  ['sc://%/'],
  ['sc://a b/'],
  ['sc:a b '],
  ['http://foo%41.com'],
  ['http://foo%00.com'],
  ['http://a%2Fb'],
  ['http://a<b'],
  ['http://a^b'],
  ['http://a|b/'],
  ['http://a b/'],
  ['http://ex%C3%A4mple.org'],
  ['http://münchen.de/ä?ö#ü'],
  ['http://☃.net/'],
  ['http://xn--/'],
  ['http://xn--a'],
  ['http://xn--n3h.net'],
  ['http://faß.de'],
  ['http://ﬀ.com'],
  ['http://１２７.０.０.１'],
  ['http://Ａ．com'],
  ['http://a\u00adb.com'],
  ['http://é／x'],
  ['http://é%2Fx'],
  ['http://\u200d.com'],
  ['http://ab--c.com'],
  ['http://-a.com'],
  ['http://a_b.com'],
  ['http://<\u0338.com'],
  ['http://>\u00ad\u0338.com'],
  ['http://é<.com'],
  ['http://é>b.com'],
  ['http://Go%ef%bc%85%ef%bc%94%ef%bc%91.com'],
  ['http://EXAMPLE.com/../a/./b/%2e/%2E%2e/c'],
  ['http://h/a%zz%20b{}|`<>"'],
  ['http://h/?q=\'"<>`{}#\'"<>`{}'],
  ['http://h/\ud800x?\udfff'],
  ['http:\\\\x:hi\\y'],
  ['http:/:@/www'],
  ['http://@/www'],
  ['http://a:b@c:29/d'],
  ['http://u@p@h/'],
  ['http://:b@h'],
  ['https:@h:80@x'],
  ['ws://h:80/'],
  ['wss://h:443/'],
  ['ftp://h:21/%2f'],
  ['http://h:443/'],
  ['HTTPS://H:443/'],
  ['h ttp://x'],
  ['1http://x'],
  ['+http://x'],
];

const PARTS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
];

test('parses what the URL standard parses, to the same parts, and refuses what it refuses', async () => {
  const body = `return ${JSON.stringify(INPUTS)}.map(([input, base]) => {
    if (!URL.canParse(input, base)) return input + ' is refused';
    const url = new URL(input, base);
    return ${JSON.stringify(PARTS)}.map((part) => url[part]);
  });`;
  const guest = await isolate.run(body);
  const node = INPUTS.map(([input, base]) => {
    if (!URL.canParse(input, base)) return `${input} is refused`;
    const url = new URL(input, base) as unknown as Record<string, string>;
    return PARTS.map((part) => url[part]);
  });
  expect(guest).toEqual(JSON.parse(JSON.stringify(node)));
});

agreesWithNode(() => isolate, {
  'setters change one part and keep the rest valid': `
    const url = new URL('https://a:b@example.org:8080/p/q?x=1#f');
    url.protocol = 'ftp'; url.protocol = 'mailto'; url.host = 'b.net:99'; url.hostname = 'c d'; url.port = '70000'; url.port = '7x';
    url.pathname = '../ä b'; url.search = "?'ö"; url.hash = ' #'; url.username = 'ü:'; url.password = '@/';
    return [url.href, JSON.stringify({ url }), String(url)];`,
  'searchParams and search follow each other': `
    const url = new URL('http://h/?a=1&b=2&a=3');
    url.searchParams.append('c', 'é &='); url.searchParams.delete('a', '1'); url.searchParams.sort(); const before = url.search;
    url.search = '?z=%F0%9F&y=+%2B'; return [before, [...url.searchParams], url.searchParams.size, url.searchParams.has('z'), url.href];`,
  'URLSearchParams from records, sequences and text': `
    return [new URLSearchParams({ a: 1, b: null }), new URLSearchParams([['a', 'b'], ['a', 'c']]), new URLSearchParams('?a=b&&c&=d&%zz')].map(String);`,
  'URLSearchParams refuses a pair of three': `return String(new URLSearchParams([['a', 'b', 'c']]));`,
  'URL needs new': `return URL('http://x');`,
  'a foreign object is no URL': `return Object.getOwnPropertyDescriptor(URL.prototype, 'href').get.call({});`,
  'URLPattern matches groups': `
    const found = new URLPattern({ pathname: '/books/:id(\\\\d+)' }).exec('https://h/books/12');
    return [found.pathname.groups.id, new URLPattern({ pathname: '/a/*' }).test('https://h/b/1')];`,
});

/** What the library behind URLPattern does not do yet; a line that starts to agree with Node is to be taken out. */
const PATTERN_DIFFERENCES: Readonly<Record<string, string>> = {
  'sets inside of a class of characters (RegExp flag v)': `return new URLPattern({ pathname: '/([[a-z]--a])' }).test({ pathname: '/b' });`,
  'names beyond the basic plane': `return new URLPattern({ pathname: '/:\u{20000}' }).test({ pathname: '/b' });`,
  'a port with blanks behind it': `return new URLPattern({ protocol: 'http', port: '8080 ' }).test('http://h:8080/');`,
  'what follows a host is ignored': `return new URLPattern({ protocol: 'http', hostname: 'example.com#x' }).test('http://example.com/');`,
};

test.each(Object.entries(PATTERN_DIFFERENCES))('URLPattern differs: %s', async (_name, body) => {
  const node: unknown = await new AsyncFunction(body)();
  const guest = await isolate.run(body).catch(({ message }: Error) => message);
  expect(node).toBe(true);
  expect(guest).toMatch(/^TypeError/);
});

const AsyncFunction = (async () => undefined).constructor as new (body: string) => () => Promise<unknown>;
