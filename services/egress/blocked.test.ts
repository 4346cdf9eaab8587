/** Requests forged towards the inside (SSRF), one trick a case. No case connects: connections are recorded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permission } from '../../spec/permission.ts';
import { isPublic, toAddress } from './address.ts';
import { openOutside } from './testing/outside.ts';

/** The grant is as wide as a grant can be for the URL, so that only the guard is left to say no. */
function widestGrant(url: string): Permission[] {
  const { protocol, host } = new URL(url);
  return [{ name: 'http.fetch', scope: [`${protocol}//${host.replace(/\.(?=:|$)/u, '')}/*`] }];
}

async function codeOf(url: string, names: Record<string, string[][]> = {}) {
  const outside = openOutside({ grants: widestGrant(url), names });
  const refusal: unknown = await outside.fetch({ url }).catch((error: unknown) => error);
  return { code: (refusal as { code?: string }).code, ...outside };
}

describe('a literal address of the inside', () => {
  it.each([
    ['dotted', 'http://127.0.0.1/'],
    ['decimal', 'http://2130706433/'],
    ['hexadecimal', 'http://0x7f000001/'],
    ['hexadecimal parts', 'http://0x7f.0x0.0x0.0x1/'],
    ['octal', 'http://0177.0.0.01/'],
    ['short', 'http://127.1/'],
    ['zero', 'http://0/'],
    ['full-width digits', 'http://１２７.０.０.１/'],
    ['circled digits', 'http://①②⑦.⓪.⓪.①/'],
    ['ideographic full stops', 'http://127。0。0。1/'],
    ['percent-encoded', 'http://%31%32%37.0.0.1/'],
    ['trailing dot', 'http://127.0.0.1./'],
    ['missing slashes', 'http:127.0.0.1/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['IPv6 unspecified', 'http://[::]/'],
    ['mapped IPv6', 'http://[::ffff:127.0.0.1]/'],
    ['mapped IPv6 of a public address', 'http://[::ffff:8.8.8.8]/'],
    ['compatible IPv6', 'http://[::127.0.0.1]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['local NAT64', 'http://[64:ff9b:1::a00:1]/'],
    ['6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/'],
    ['unique local', 'http://[fd00::1]/'],
    ['link local', 'http://[fe80::1]/'],
    ['site local', 'http://[fec0::1]/'],
    ['IPv6 multicast', 'http://[ff02::1]/'],
    ['IPv6 documentation', 'http://[2001:db8::1]/'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['cloud metadata as one number', 'http://2852039166/'],
    ['cloud metadata over IPv6', 'http://[fd00:ec2::254]/'],
    ['cloud wire server', 'http://168.63.129.16/'],
    ['private 10', 'http://10.0.0.1/'],
    ['private 172', 'http://172.16.0.1/'],
    ['private 192', 'http://192.168.0.1/'],
    ['carrier-grade NAT', 'http://100.64.0.1/'],
    ['benchmarking', 'http://198.18.0.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
  ])('%s', async (_trick, url) => {
    expect(await codeOf(url)).toMatchObject({ code: 'egress_failed', connections: [], lookups: [] });
  });

  it('in any spelling of any address', async () => {
    const blocked = fc
      .tuple(fc.constantFrom(10, 127, 0, 169.254, 192.168, 172.16), fc.nat(0xff_ff_ff))
      .map(([head, tail]) => {
        const [first = 0, second] = String(head).split('.').map(Number);
        const rest = second === undefined ? tail : second * 0x1_00_00 + (tail & 0xff_ff);
        return first * 0x1_00_00_00 + rest;
      });
    const spelling = fc.tuple(blocked, fc.nat(9), fc.boolean()).map(([value, form, isDotted]) => {
      const host = spell(value, form);
      return `http://${host}${isDotted && !host.startsWith('[') ? '.' : ''}/`;
    });
    await fc.assert(
      fc.asyncProperty(spelling, async (url) => {
        const { code, connections } = await codeOf(url);
        expect([code, connections]).toEqual(['egress_failed', []]);
      }),
      { numRuns: 300 },
    );
  });
});

function spell(value: number, form: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const hex = (number: number): string => number.toString(16);
  switch (form) {
    case 0:
      return String(value);
    case 1:
      return `0X${hex(value)}`;
    case 2:
      return `0${value.toString(8)}`;
    case 3:
      return `${a}.${(b << 16) | (c << 8) | d}`;
    case 4:
      return `${a}.${b}.${(c << 8) | d}`;
    case 5:
      return bytes.map((byte) => `0x${hex(byte)}`).join('.');
    case 6:
      return bytes.map((byte) => `0${byte.toString(8)}`).join('.');
    case 7:
      return [...bytes.join('.')]
        .map((char) => (char === '.' ? '．' : String.fromCharCode(0xff10 + Number(char))))
        .join('');
    case 8:
      return `[::ffff:${hex((a << 8) | b)}:${hex((c << 8) | d)}]`;
    default:
      return bytes.join('.');
  }
}

describe('a name of the inside', () => {
  it.each([
    ['localhost', 'http://localhost/', [['127.0.0.1']]],
    ['a name of one label', 'http://intranet/', [['10.0.0.5']]],
    ['a public name with a private address', 'http://evil.example.net/', [['10.0.0.5']]],
    ['one private address among public ones', 'http://evil.example.net/', [['93.184.216.34', '127.0.0.1']]],
    ['a mapped address as the answer', 'http://evil.example.net/', [['::ffff:10.0.0.1']]],
    ['a link-local answer with a zone', 'http://evil.example.net/', [['fe80::1%eth0']]],
    ['an answer that is no address', 'http://evil.example.net/', [['127.1']]],
    ['no answer', 'http://nowhere.example.net/', [[]]],
    ['a trailing dot', 'http://localhost./', [['127.0.0.1']]],
    ['upper case', 'http://LOCALHOST/', [['127.0.0.1']]],
  ])('%s', async (_trick, url, answers) => {
    const { hostname } = new URL(url);
    const name = hostname.replace(/\.$/u, '');
    expect(await codeOf(url, { [name]: answers })).toMatchObject({ code: 'egress_failed', connections: [] });
  });

  it('that answers differently the second time (DNS rebinding) is asked once, and connected to as judged', async () => {
    const names = { 'rebind.example.net': [['93.184.216.34'], ['127.0.0.1']] };
    const outside = openOutside({ grants: widestGrant('http://rebind.example.net/'), names });
    const url = 'http://rebind.example.net/';
    await expect(outside.fetch({ url })).rejects.toMatchObject({ code: 'egress_failed' });
    expect(outside.lookups).toEqual(['rebind.example.net dns']);
    expect(outside.connections).toEqual([[{ address: '93.184.216.34', family: 4 }]]);
    await expect(outside.fetch({ url })).rejects.toMatchObject({ code: 'egress_failed' });
    expect(outside.connections).toHaveLength(1);
    expect(outside.observed.map(({ result }) => result)).toEqual(['unreachable', 'blocked']);
  });

  it('outside of the grant is not even looked up', async () => {
    const outside = openOutside({ grants: widestGrant('http://granted.example.net/') });
    const denied = outside.fetch({ url: 'http://data-in-the-name.example.net/' });
    await expect(denied).rejects.toMatchObject({ code: 'permission_denied' });
    expect(outside.lookups).toEqual([]);
  });

  it('looks to the guest like one that does not answer or does not exist', async () => {
    const names = { 'a.example.net': [['10.0.0.1']], 'b.example.net': [['93.184.216.34']] };
    const grants = [{ name: 'http.fetch', scope: ['http://*.example.net/*'] }] as const;
    const outside = openOutside({ grants, names });
    const refusals = ['a', 'b', 'c'].map((name) =>
      outside.fetch({ url: `http://${name}.example.net/` }).catch((error: unknown) => error),
    );
    const texts = (await Promise.all(refusals)).map((error) => JSON.stringify([error, String(error)]));
    expect(new Set(texts).size).toBe(1);
    expect(outside.observed.map(({ result }) => result).sort()).toEqual([
      'blocked',
      'unreachable',
      'unresolvable',
    ]);
  });
});

describe('what the instance allows by name', () => {
  it.each([
    ['a host on any port', 'mail.intern', 'http://mail.intern:8025/', true],
    ['a host on its port', 'mail.intern:8025', 'http://mail.intern:8025/', true],
    ['a host on another port', 'mail.intern:8025', 'http://mail.intern:8026/', false],
    ['another host with the same address', 'mail.intern', 'http://other.intern/', false],
    ['a block of addresses', '10.0.0.0/24', 'http://other.intern/', true],
    ['another block', '10.0.1.0/24', 'http://other.intern/', false],
    ['a literal', '10.0.0.7:80', 'http://10.0.0.7/', true],
    ['a literal for a name', '10.0.0.7', 'http://other.intern/', false],
    ['an IPv4 block for a mapped address', '10.0.0.0/8', 'http://[::ffff:10.0.0.7]/', false],
    ['an IPv6 literal', '[fd00::5]', 'http://[fd00::5]/', true],
    ['an IPv6 block', 'fd00::/8', 'http://[fd00::5]/', true],
  ])('%s: %s', async (_name, allow, url, isReached) => {
    const names = { 'mail.intern': [['10.0.0.7']], 'other.intern': [['10.0.0.7']] };
    const outside = openOutside({ grants: widestGrant(url), names, allow });
    await expect(outside.fetch({ url })).rejects.toMatchObject({ code: 'egress_failed' });
    expect(outside.connections).toHaveLength(isReached ? 1 : 0);
  });
});

it('addresses that somebody on the Internet has are open', () => {
  for (const text of ['8.8.8.8', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700::1111']) {
    const address = toAddress(text);
    expect(address && isPublic(address)).toBe(true);
  }
});
