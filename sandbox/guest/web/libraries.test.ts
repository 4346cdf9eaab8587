/** Ordinary npm libraries, bundled unchanged as a plugin's author bundles them, do their work in the isolate. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeEach(async () => {
  isolate = await openWebIsolate();
});
afterEach(() => isolate.close());

/** Loads a module whose default export becomes the global `plugin`. */
async function load(source: string): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    platform: 'browser',
    conditions: ['workerd', 'worker'],
    format: 'iife',
    globalName: 'bundle',
    target: 'esnext',
  });
  isolate.load(`${outputFiles[0]?.text ?? ''}\nglobalThis.plugin = bundle.default;`);
}

const CALL = `const call = async (method, path, body, headers = []) => {
    const request = testing.makeRequest({ method, url: 'https://souk.test' + path, headersText: JSON.stringify(headers), body, run: { id: 1 } });
    const answer = await testing.readResponse(await plugin.fetch(request, {}), 1e6);
    return [answer.status, Object.fromEntries(answer.headers)['content-type'], answer.body];
  };`;

test('a Hono app with zod: routes, middleware, parameters, validation, forms, errors', async () => {
  await load(`
    import { Hono } from 'hono'; import { cors } from 'hono/cors'; import { HTTPException } from 'hono/http-exception'; import { z } from 'zod';
    const Order = z.object({ id: z.uuid(), amount: z.number().positive(), tags: z.array(z.string()).default([]) });
    const app = new Hono();
    app.use('*', cors());
    app.get('/hello/:name', (c) => c.text('Halo ' + c.req.param('name') + c.req.query('mark')));
    app.post('/orders', async (c) => { const found = Order.safeParse(await c.req.json()); return found.success ? c.json(found.data, 201) : c.json(found.error.issues.map((issue) => issue.path.join('.')), 422); });
    app.post('/form', async (c) => c.json(await c.req.parseBody()));
    app.get('/fail', () => { throw new HTTPException(418, { message: 'teapot' }); });
    app.get('/html', (c) => c.html('<p>é</p>'));
    export default app;`);
  expect(
    await isolate.run(`${CALL} const json = [['content-type', 'application/json']];
    return [
      await call('GET', '/hello/d%C3%BCnya?mark=%21', null), await call('POST', '/orders', '{"id":"9b2c4f0e-8f6a-4c43-9a52-3d5f6e7a8b9c","amount":2}', json),
      await call('POST', '/orders', '{"id":"x","amount":-1}', json), await call('POST', '/form', 'a=1&b=%20', [['content-type', 'application/x-www-form-urlencoded']]),
      await call('GET', '/fail', null), await call('GET', '/none', null), await call('GET', '/html', null), await call('OPTIONS', '/html', null),
    ];`),
  ).toEqual([
    [200, 'text/plain; charset=UTF-8', 'Halo d\u00c3\u00bcnya!'],
    [201, 'application/json', '{"id":"9b2c4f0e-8f6a-4c43-9a52-3d5f6e7a8b9c","amount":2,"tags":[]}'],
    [422, 'application/json', '["id","amount"]'],
    [200, 'application/json', '{"a":"1","b":" "}'],
    [418, 'text/plain;charset=UTF-8', 'teapot'],
    [404, 'text/plain; charset=UTF-8', '404 Not Found'],
    [200, 'text/html; charset=UTF-8', '<p>\u00c3\u00a9</p>'],
    [204, null, null],
  ]);
});

test('csv-parse in its browser build', async () => {
  await load(`import { parse } from 'csv-parse/browser/esm/sync'; export default parse;`);
  expect(
    await isolate.run(
      `return plugin('a;b\\n1;"x ""ä"" y"\\n', { delimiter: ';', columns: true, cast: true });`,
    ),
  ).toEqual([{ a: 1, b: 'x "ä" y' }]);
  await expect(isolate.run(`plugin('a,b\\n1', { columns: true });`)).rejects.toThrow('Record Length');
});

test('date-fns', async () => {
  await load(`import { addMonths, differenceInDays, formatISO, parseISO } from 'date-fns'; import { id } from 'date-fns/locale'; import { format } from 'date-fns';
    export default { run: () => [formatISO(addMonths(parseISO('2026-01-31'), 1), { representation: 'date' }), differenceInDays(parseISO('2026-03-01'), parseISO('2026-02-01')), format(parseISO('2026-08-17'), 'd MMMM yyyy', { locale: id })] };`);
  expect(await isolate.run(`return plugin.run();`)).toEqual(['2026-02-28', 28, '17 Agustus 2026']);
});

test('marked', async () => {
  await load(`import { marked } from 'marked'; export default marked;`);
  expect(await isolate.run('return plugin.parse("# Hi *there*\\n\\n- [x] a | b\\n\\n`c`");')).toBe(
    '<h1>Hi <em>there</em></h1>\n<ul>\n<li><input checked="" disabled="" type="checkbox"> a | b</li>\n</ul>\n<p><code>c</code></p>\n',
  );
});

test('jose: JWT with HS256, RS256, ES256 and EdDSA, JWE of several kinds, and a forged token', async () => {
  await load(`import * as jose from 'jose'; export default jose;`);
  expect(
    await isolate.run(`
    const results = {}; const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
    const sign = (alg, key) => new plugin.SignJWT({ sub: 'ä' }).setProtectedHeader({ alg }).setExpirationTime('2h').sign(key);
    const hs = await sign('HS256', secret); results.HS256 = (await plugin.jwtVerify(hs, secret)).payload.sub;
    for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
      const { publicKey, privateKey } = await plugin.generateKeyPair(alg, { extractable: true });
      const copy = await plugin.importPKCS8(await plugin.exportPKCS8(privateKey), alg);
      const jwk = await plugin.importJWK({ ...await plugin.exportJWK(publicKey), alg }, alg);
      results[alg] = (await plugin.jwtVerify(await sign(alg, copy), jwk)).payload.sub;
    }
    for (const [alg, enc] of [['dir', 'A256GCM'], ['A256KW', 'A256GCM'], ['A256GCMKW', 'A128CBC-HS256'], ['PBES2-HS256+A128KW', 'A128GCM']]) {
      const key = alg.startsWith('PBES2') ? new TextEncoder().encode('a password') : secret;
      const token = await new plugin.EncryptJWT({ sub: 'x' }).setProtectedHeader({ alg, enc }).encrypt(key);
      results[alg] = (await plugin.jwtDecrypt(token, key, { keyManagementAlgorithms: [alg] })).payload.sub;
    }
    for (const alg of ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW']) {
      const { publicKey, privateKey } = await plugin.generateKeyPair(alg);
      const token = await new plugin.CompactEncrypt(new TextEncoder().encode('y')).setProtectedHeader({ alg, enc: 'A256GCM' }).encrypt(publicKey);
      results[alg] = new TextDecoder().decode((await plugin.compactDecrypt(token, privateKey)).plaintext);
    }
    const forged = hs.slice(0, -4) + (hs.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    results.forged = await plugin.jwtVerify(forged, secret).then(() => 'accepted', (error) => error.code);
    return results;`),
  ).toEqual({
    HS256: 'ä',
    RS256: 'ä',
    PS256: 'ä',
    ES256: 'ä',
    EdDSA: 'ä',
    dir: 'x',
    A256KW: 'x',
    A256GCMKW: 'x',
    'PBES2-HS256+A128KW': 'x',
    'RSA-OAEP-256': 'y',
    'ECDH-ES': 'y',
    'ECDH-ES+A128KW': 'y',
    forged: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
});

test('a bundle that no bundler of Souk made finds the global object by each of its names', async () => {
  await load(`export default [self, global].map((each) => each === globalThis);`);
  expect(await isolate.run('return plugin;')).toEqual([true, true]);
});
