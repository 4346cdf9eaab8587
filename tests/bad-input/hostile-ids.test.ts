/** Every address of the API, with something in the place of each id that is no such id: refused, and no fault of ours. */
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../spec/error-codes.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({ id: 'kelompok/hello' });
await acme.install('kelompok/hello');

const HOSTILE = [
  '__proto__',
  '%00',
  'a%ff',
  "';--",
  'x'.repeat(1_000),
  '%F0%9F%98%80',
  'FFFFFFFF-0000-7000-8000-0',
  '-1',
];
const FITTING: Readonly<Record<string, string>> = {
  org: 'acme',
  publisher: 'kelompok',
  name: 'hello',
  version: '0.1.0',
  type: 'organization',
  contract: 'communication@1',
  module: 'members',
  row: '1',
};
const ID = '00000000-0000-7000-8000-000000000000';

type Operations = Readonly<Record<string, unknown>>;
const { paths } = (await souk.anyone.get('/openapi.json')).json as { paths: Record<string, Operations> };
const addresses = Object.entries(paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => [method.toUpperCase(), path] as const),
);

function* spoiled(path: string): Generator<string> {
  const names = [...path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name ?? '');
  for (const one of names)
    for (const text of HOSTILE)
      yield path.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
        name === one ? text : (FITTING[name] ?? ID),
      );
}

it.each(addresses.filter(([, path]) => path.includes('{')))('%s %s', async (method, path) => {
  for (const address of spoiled(path)) {
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    const { status, json } = await souk.admin.sendJson(method, address, body);
    // What a name of no form names is not there; taking it away or listing what it has is then harmless.
    expect(status, address).toBeLessThan(500);
    if (status >= 400) expect(ERROR_CODES, address).toHaveProperty(json.code);
  }
});
