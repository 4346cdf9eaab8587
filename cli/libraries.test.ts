/**
 * Ordinary npm libraries, bundled as `souk pack` bundles and run in the sandbox as a server runs them. What each
 * answers is what it answers in Node.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../sandbox/index.ts';
import { createTestBed } from '../sandbox/testing/test-bed.ts';
import { bundleWhereNeeded } from './bundle.ts';
import type { Io } from './io.ts';

const bed = createTestBed();
const folder = mkdtempSync(join(tmpdir(), 'souk-libraries-'));
let sandbox: Sandbox;
beforeAll(async () => {
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));
  // What is tested is not how busy the machine is.
  const endpoint = { wallTimeMsMax: 60_000, entryMsMax: 3_000, cpuTimeMsMax: 5_000 };
  sandbox = await createSandbox({ ...bed.options, limits: { endpoint } });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sandbox.close();
});

/** Bundles a module whose `answer` is a function, calls that in a guest, and returns what it answers as JSON. */
async function answerOf(name: string, code: string): Promise<unknown> {
  const plugin = join(folder, name.replaceAll(/\W/gu, '-'));
  mkdirSync(plugin);
  const handler = 'export default { fetch: async () => Response.json({ answer: await answer() }) };';
  const sources = new Map([
    ['index.jsx', `${code}\n${handler}`],
    ['package.json', '{"type":"module"}'],
  ]);
  for (const [path, text] of sources) writeFileSync(join(plugin, path), text);
  const files = new Map([...sources.keys()].map((path) => [path, readFileSync(join(plugin, path))]));
  const { files: made } = await bundleWhereNeeded(IO, plugin, files, 'index.js');
  const script = Buffer.from(made.get('index.js') ?? []).toString('utf8');
  const guest = bed.guest({ 'index.js': script }, { tier: 'trusted' });
  const { json } = bed.read(await sandbox.call(bed.get(guest)));
  return (json as { answer?: unknown }).answer ?? json;
}

const IO: Io = {
  cwd: folder,
  environment: {},
  readIn: () => Promise.resolve(''),
  writeOut: () => undefined,
  writeError: () => undefined,
};

type Case = readonly [name: string, answer: unknown, code: string];

const CASES: readonly Case[] = [
  [
    'h3: routes, bodies, errors, cookies, events',
    [
      [200, '{"id":"3","q":{"a":["1","2"]}}'],
      [200, '{"got":{"a":1}}'],
      [418, '{"status":418,"statusText":"tea","message":"tea"}'],
      [200, 'data: x\n\n'],
    ],
    `import { H3, HTTPError, createEventStream, getQuery, getRouterParam, readBody } from 'h3';
const app = new H3();
app.get('/u/:id', (event) => ({ id: getRouterParam(event, 'id'), q: getQuery(event) }));
app.post('/b', async (event) => ({ got: await readBody(event) }));
app.get('/fail', () => { throw new HTTPError({ status: 418, statusText: 'tea' }); });
app.get('/events', (event) => { const stream = createEventStream(event); void stream.push('x').then(() => stream.close()); return stream.send(); });
const go = async (path, init) => { const response = await app.fetch(new Request('https://h.test' + path, init)); return [response.status, await response.text()]; };
const post = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
export const answer = async () => [await go('/u/3?a=1&a=2'), await go('/b', post), await go('/fail'), await go('/events')];`,
  ],
  [
    'p-throttle, which makes a FinalizationRegistry as it loads',
    [1, 2, 3],
    `import pThrottle from 'p-throttle';
const throttled = pThrottle({ limit: 2, interval: 5 })(async (n) => n);
export const answer = () => Promise.all([1, 2, 3].map((n) => throttled(n)));`,
  ],
  [
    'oauth4webapi: PKCE, a code for a token, a state that is not ours',
    [
      'p3ic1oxbIaP-82HZhYmV69KnKxq1S1TXUUwK-TjzMk8',
      { access_token: 'at', token_type: 'bearer', expires_in: 5 },
      ['https://h.test/t', 'Basic YzpzZWM=', 'authorization_code'],
      'OAUTH_INVALID_RESPONSE',
    ],
    `import * as oauth from 'oauth4webapi';
const server = { issuer: 'https://h.test', token_endpoint: 'https://h.test/t' };
const client = { client_id: 'c' };
const verifier = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJK';
const callback = (state) => new URL('https://x.test/cb?code=1&iss=https://h.test&state=' + state);
export const answer = async () => {
  const seen = [];
  const fetch = async (url, { headers, body }) => {
    seen.push(url, new Headers(headers).get('authorization'), body.get('grant_type'));
    return Response.json({ access_token: 'at', token_type: 'bearer', expires_in: 5 });
  };
  const parameters = oauth.validateAuthResponse(server, client, callback('s'), 's');
  const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.ClientSecretBasic('sec'), parameters, 'https://x.test/cb', verifier, { [oauth.customFetch]: fetch });
  const token = await oauth.processAuthorizationCodeResponse(server, client, response);
  const forged = await Promise.resolve().then(() => oauth.validateAuthResponse(server, client, callback('z'), 's')).catch(({ code }) => code);
  return [await oauth.calculatePKCECodeChallenge(verifier), token, seen, forged];
};`,
  ],
  [
    'axios, with its fetch adapter',
    [200, { got: '{"a":1}', at: 'https://h.test/x?q=%C3%BC' }, ['AxiosError', 'ERR_BAD_RESPONSE']],
    `import axios from 'axios';
const fetch = async (request) => Response.json({ got: await request.text(), at: request.url });
const failing = async () => new Response('no', { status: 503 });
export const answer = async () => {
  const client = axios.create({ adapter: 'fetch', env: { fetch, Request, Response } });
  const { data, status } = await client.post('https://h.test/x', { a: 1 }, { params: { q: 'ü' } });
  const broken = axios.create({ adapter: 'fetch', env: { fetch: failing, Request, Response } });
  return [status, data, await broken.get('https://h.test').catch((error) => [error.name, error.code])];
};`,
  ],
  [
    'ky',
    [{ at: 'https://h.test/a?q=%C3%BC', method: 'PUT', got: '{"a":1}' }, ['HTTPError', 404]],
    `import ky from 'ky';
const fetch = async (request) => Response.json({ at: request.url, method: request.method, got: await request.text() });
const missing = async () => new Response('no', { status: 404 });
export const answer = async () => [
  await ky.create({ fetch }).put('https://h.test/a', { json: { a: 1 }, searchParams: { q: 'ü' } }).json(),
  await ky.create({ fetch: missing, retry: 0 }).get('https://h.test').catch((error) => [error.name, error.response.status]),
];`,
  ],
  [
    'itty-router',
    [
      [200, '{"name":"x"}'],
      [418, '{"status":418,"error":"Unknown Error"}'],
      [404, '{"status":404,"error":"Not Found"}'],
    ],
    `import { AutoRouter, error } from 'itty-router';
const router = AutoRouter().get('/hello/:name', ({ name }) => ({ name })).get('/fail', () => error(418));
const get = async (path) => { const response = await router.fetch(new Request('https://h.test' + path)); return [response.status, await response.text()]; };
export const answer = () => Promise.all(['/hello/x', '/fail', '/none'].map(get));`,
  ],
  [
    'discord-interactions: a signature, and a forged one',
    [true, false],
    `import { verifyKey } from 'discord-interactions';
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
export const answer = async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const key = hex(await crypto.subtle.exportKey('raw', publicKey));
  const signature = hex(await crypto.subtle.sign('Ed25519', privateKey, new TextEncoder().encode('1{}')));
  return [await verifyKey('{}', signature, '1', key), await verifyKey('{ }', signature, '1', key)];
};`,
  ],
  [
    'aws4fetch',
    'AWS4-HMAC-SHA256 Credential=a/20260101/eu/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=3d34f830ee05fe6d59aff95b9e6d663700402e5df29fb11fb91e5d4e04157718',
    `import { AwsV4Signer } from 'aws4fetch';
export const answer = async () => {
  const signer = new AwsV4Signer({ url: 'https://b.s3.amazonaws.com/k?x=ü', accessKeyId: 'a', secretAccessKey: 'b', region: 'eu', datetime: '20260101T000000Z' });
  return (await signer.sign()).headers.get('authorization');
};`,
  ],
  [
    'hono: middleware, streams, JSX',
    [
      [200, 'in'],
      401,
      [200, '{"sub":"me"}'],
      401,
      [200, 'ab'],
      [200, 'event: e\ndata: x\n\n'],
      [200, '<ul><li class="x">&lt;</li><li class="x">b</li></ul>'],
      '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"',
      'gzip',
      5000,
      [200, '{"a":1}'],
      [400, 'bad'],
    ],
    `/** @jsxImportSource hono/jsx */
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { jwt, sign } from 'hono/jwt';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE, streamText } from 'hono/streaming';
import { timeout } from 'hono/timeout';
import { validator } from 'hono/validator';
const app = new Hono();
app.use(secureHeaders(), timeout(5000));
app.use('/basic/*', basicAuth({ username: 'u', password: 'p' }));
app.get('/basic/x', (c) => c.text('in'));
app.use('/jwt/*', jwt({ secret: 'secret', alg: 'HS256' }));
app.get('/jwt/x', (c) => c.json(c.get('jwtPayload')));
app.get('/stream', (c) => streamText(c, async (stream) => { await stream.write('a'); await stream.sleep(1); await stream.write('b'); }));
app.get('/events', (c) => streamSSE(c, async (stream) => { await stream.writeSSE({ event: 'e', data: 'x' }); }));
app.get('/page', (c) => c.html(<ul>{['<', 'b'].map((text) => <li class="x">{text}</li>)}</ul>));
app.get('/etag', etag(), (c) => c.text('hello'));
app.get('/packed', compress(), (c) => c.text('x'.repeat(5000)));
app.post('/valid', validator('json', (value, c) => (value.a ? value : c.text('bad', 400))), (c) => c.json(c.req.valid('json')));
const get = async (path, headers = {}, init = {}) => { const response = await app.request('https://h.test' + path, { headers, ...init }); return [response.status, await response.text()]; };
const json = { 'content-type': 'application/json' };
export const answer = async () => {
  const packed = await app.request('/packed', { headers: { 'accept-encoding': 'gzip' } });
  const unpacked = await new Response(packed.body.pipeThrough(new DecompressionStream('gzip'))).text();
  return [
    await get('/basic/x', { authorization: 'Basic ' + btoa('u:p') }), (await get('/basic/x'))[0],
    await get('/jwt/x', { authorization: 'Bearer ' + (await sign({ sub: 'me' }, 'secret')) }), (await get('/jwt/x'))[0],
    await get('/stream'), await get('/events'), await get('/page'),
    (await app.request('/etag')).headers.get('etag'), packed.headers.get('content-encoding'), unpacked.length,
    await get('/valid', json, { method: 'POST', body: '{"a":1}' }), await get('/valid', json, { method: 'POST', body: '{}' }),
  ];
};`,
  ],
  [
    'graphql',
    [{ data: { hi: 'Hi x' } }, ['Cannot query field "no" on type "Query".']],
    `import { buildSchema, graphql } from 'graphql';
const schema = buildSchema('type Query { hi(name: String!): String }');
export const answer = async () => [
  await graphql({ schema, source: '{ hi(name: "x") }', rootValue: { hi: ({ name }) => 'Hi ' + name } }),
  (await graphql({ schema, source: '{ no }' })).errors.map(({ message }) => message),
];`,
  ],
  [
    'valibot',
    [{ mail: 'a@b.co', count: 3 }, ['Invalid email: Received "x"']],
    `import * as v from 'valibot';
const Order = v.object({ mail: v.pipe(v.string(), v.email()), count: v.optional(v.number(), 3) });
export const answer = () => [v.parse(Order, { mail: 'a@b.co' }), v.safeParse(Order, { mail: 'x' }).issues.map(({ message }) => message)];`,
  ],
  [
    'yup',
    [
      { count: 3, mail: 'a@b.co' },
      ['ValidationError', ['mail is a required field', 'count must be greater than or equal to 2']],
    ],
    `import * as yup from 'yup';
const order = yup.object({ mail: yup.string().required().email(), count: yup.number().min(2) });
export const answer = async () => [await order.validate({ mail: 'a@b.co', count: '3' }), await order.validate({ count: 1 }, { abortEarly: false }).catch(({ name, errors }) => [name, errors])];`,
  ],
  [
    'ajv, which compiles its validators',
    [true, false, ["must have required property 'b'", 'must NOT have fewer than 2 characters']],
    `import { Ajv } from 'ajv';
const validate = new Ajv({ allErrors: true }).compile({ type: 'object', properties: { a: { type: 'string', minLength: 2 } }, required: ['b'] });
export const answer = () => [validate({ a: 'xx', b: 1 }), validate({ a: 'x' }), validate.errors.map(({ message }) => message)];`,
  ],
  [
    'papaparse',
    [[{ a: 1, b: 'x\ny' }], 'a,b\r\n1,"q"""'],
    `import Papa from 'papaparse';
export const answer = () => [Papa.parse('a,b\\n1,"x\\ny"\\n', { header: true, dynamicTyping: true, skipEmptyLines: true }).data, Papa.unparse([{ a: 1, b: 'q"' }])];`,
  ],
  [
    'luxon',
    ['2026-08-16T23:00:00.000-04:00', '17 Agustus 2026', 31],
    `import { DateTime, Interval } from 'luxon';
export const answer = () => [DateTime.fromISO('2026-08-17T10:00', { zone: 'Asia/Jakarta' }).setZone('America/New_York').toISO(), DateTime.fromISO('2026-08-17', { zone: 'utc' }).setLocale('id').toLocaleString(DateTime.DATE_FULL), Interval.fromISO('2026-01-01/P1M').count('days')];`,
  ],
  [
    'markdown-it',
    '<h1>Hi</h1>\n<p><a href="https://ex.test/%C3%BC">https://ex.test/ü</a> “x” – &lt;b&gt;</p>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n',
    `import MarkdownIt from 'markdown-it';
export const answer = () => new MarkdownIt({ linkify: true, typographer: true }).render('# Hi\\n\\nhttps://ex.test/ü "x" -- <b>\\n\\n1. a\\n2. b');`,
  ],
  [
    'handlebars, which compiles its templates',
    'Hi &lt;x&gt; <1><2>',
    `import Handlebars from 'handlebars';
export const answer = () => Handlebars.compile('Hi {{name}} {{#each list}}<{{this}}>{{/each}}')({ name: '<x>', list: [1, 2] });`,
  ],
  [
    'liquidjs',
    'Hi X 2026',
    `import { Liquid } from 'liquidjs';
export const answer = () => new Liquid().parseAndRender('Hi {{ name | upcase }}{% for one in list %} {{ one | date: "%Y" }}{% endfor %}', { name: 'x', list: ['2026-01-01'] });`,
  ],
  [
    '@noble/hashes',
    [
      '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4',
      '233f8e9a13f278f19758a015d82f51e6e27966f1efc29d2cffb5d1a45ae9dc4c',
      5,
    ],
    `import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
export const answer = () => [bytesToHex(sha256(utf8ToBytes('hi'))), bytesToHex(hmac(sha256, utf8ToBytes('k'), utf8ToBytes('hi'))), randomBytes(5).length];`,
  ],
  [
    'bcryptjs',
    [true, false],
    `import bcrypt from 'bcryptjs';
export const answer = async () => [await bcrypt.compare('x', await bcrypt.hash('x', 4)), await bcrypt.compare('y', bcrypt.hashSync('x', 4))];`,
  ],
  [
    'uuid',
    [true, 7, '4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4'],
    `import { v4, v5, v7, validate, version } from 'uuid';
export const answer = () => [validate(v4()), version(v7()), v5('x', v5.URL)];`,
  ],
  [
    'lodash-es',
    [1, 1, 2, true, 'foo-bar-u', { a: { b: 1, c: 2 } }, 'Hi &lt;'],
    `import { cloneDeep, debounce, get, isEqual, kebabCase, merge, template } from 'lodash-es';
export const answer = async () => {
  let calls = 0;
  const later = debounce(() => (calls += 1), 1);
  later(); later();
  while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return [calls, get({ a: { b: [1] } }, 'a.b[0]'), cloneDeep({ map: new Map([[1, 2]]) }).map.get(1), isEqual(new Uint8Array(2), new Uint8Array(2)), kebabCase('FooBar ü'), merge({ a: { b: 1 } }, { a: { c: 2 } }), template('Hi <%- name %>')({ name: '<' })];
};`,
  ],
  [
    'immer',
    [
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
      2,
      true,
    ],
    `import { enableMapSet, enablePatches, produceWithPatches } from 'immer';
enableMapSet(); enablePatches();
export const answer = () => { const [next, patches] = produceWithPatches({ list: [1], map: new Map([[1, 2]]) }, (draft) => { draft.list.push(2); draft.map.set(3, 4); }); return [next.list, [...next.map], patches.length, Object.isFrozen(next)]; };`,
  ],
  [
    'rxjs',
    [[4, 6], [0, 1, 2], 1],
    `import { delay, filter, from, interval, lastValueFrom, map, of, take, toArray } from 'rxjs';
export const answer = async () => [await lastValueFrom(from([1, 2, 3]).pipe(map((n) => n * 2), filter((n) => n > 2), toArray())), await lastValueFrom(interval(1).pipe(take(3), toArray())), await lastValueFrom(of(1).pipe(delay(1)))];`,
  ],
  [
    'yaml',
    [{ a: [1, 2], b: [1, 2], d: 'x\ny\n' }, 'a:\n  - 1\n  - b: "x: y"\n', ['BAD_INDENT']],
    `import { parse, parseDocument, stringify } from 'yaml';
export const answer = () => [parse('a: &x [1, 2]\\nb: *x\\nd: |\\n  x\\n  y\\n'), stringify({ a: [1, { b: 'x: y' }] }), parseDocument('a: [').errors.map(({ code }) => code)];`,
  ],
  [
    'fast-xml-parser',
    [{ a: { b: [2, '&3'], '@_x': '1' } }, '<a><b>1</b><b>2</b></a>', 'InvalidTag'],
    `import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
export const answer = () => [new XMLParser({ ignoreAttributes: false }).parse('<a x="1"><b>2</b><b>&amp;3</b></a>'), new XMLBuilder({}).build({ a: { b: [1, 2] } }), XMLValidator.validate('<a><b></a>').err.code];`,
  ],
  [
    'cheerio',
    ['1', ['1', '2'], '<li class="a z">1</li><li class="z">2</li>'],
    `import { load } from 'cheerio';
export const answer = () => { const $ = load('<ul><li class=a>1<li>2</ul>'); $('li').addClass('z'); return [$('li.a').text(), $('li').map((_, node) => $(node).text()).get(), $('ul').html()]; };`,
  ],
  [
    'preact',
    '<p class="a">Hi &lt;x> 12</p>',
    `import { h } from 'preact';
import { useState } from 'preact/hooks';
import { render } from 'preact-render-to-string';
const Greeting = ({ name }) => { const [text] = useState('Hi ' + name); return h('p', { class: 'a' }, text, ' ', null, [1, 2]); };
export const answer = () => render(h(Greeting, { name: '<x>' }));`,
  ],
  [
    'react: text, and a stream that waits',
    ['<p class="a" style="color:red">Hi &lt;x&gt;</p>', true],
    `import { Suspense, use, useState } from 'react';
import { renderToReadableStream, renderToStaticMarkup } from 'react-dom/server';
const Greeting = ({ name }) => { const [text] = useState('Hi ' + name); return <p className="a" style={{ color: 'red' }}>{text}</p>; };
const Late = ({ data }) => <b>{use(data)}</b>;
export const answer = async () => {
  const data = new Promise((resolve) => setTimeout(() => resolve('late'), 1));
  const stream = await renderToReadableStream(<div><Suspense fallback="wait"><Late data={data} /></Suspense></div>);
  return [renderToStaticMarkup(<Greeting name="<x>" />), (await new Response(stream).text()).includes('<b>late</b>')];
};`,
  ],
  [
    'react-dom/server in its build for browsers',
    '<div>x</div>',
    `import { renderToReadableStream } from 'react-dom/server.browser';
export const answer = async () => new Response(await renderToReadableStream(<div>x</div>)).text();`,
  ],
  [
    'qrcode',
    [950, 21],
    `import QRCode from 'qrcode';
export const answer = async () => [(await QRCode.toString('hi', { type: 'svg' })).length, QRCode.create('hi').modules.size];`,
  ],
  [
    '@msgpack/msgpack',
    [{ a: [1, 'ü', 1.5, null], at: '1970-01-01T00:00:00.000Z' }, [129, 161, 97, 1]],
    `import { decode, encode } from '@msgpack/msgpack';
export const answer = () => [decode(encode({ a: [1, 'ü', 1.5, null], at: new Date(0) })), [...encode({ a: 1 })]];`,
  ],
  [
    'buffer, in place of a module of Node',
    ['aGkgw7w=', { type: 'Buffer', data: [1, 0, 0] }, 255],
    `import { Buffer } from 'node:buffer';
export const answer = () => [Buffer.from('hi ü').toString('base64'), Buffer.concat([Buffer.from([1]), Buffer.alloc(2)]).toJSON(), Buffer.from('00ff', 'hex').readUInt16BE(0)];`,
  ],
  [
    'i18next',
    ['Halo &lt;x&gt;', '2 hal'],
    `import i18next from 'i18next';
export const answer = async () => { const t = await i18next.init({ lng: 'id', resources: { id: { translation: { hi: 'Halo {{name}}', page_other: '{{count}} hal' } } } }); return [t('hi', { name: '<x>' }), t('page', { count: 2 })]; };`,
  ],
  [
    'jszip',
    ['hi ü', ['a.txt', 'd/', 'd/b']],
    `import JSZip from 'jszip';
export const answer = async () => { const zip = new JSZip(); zip.file('a.txt', 'hi ü'); zip.folder('d').file('b', new Uint8Array(3)); const bytes = await zip.generateAsync({ type: 'uint8array', compression: 'DEFLATE' }); const back = await JSZip.loadAsync(bytes); return [await back.file('a.txt').async('string'), Object.keys(back.files)]; };`,
  ],
  [
    'jose',
    [{ sub: 'ä' }, { sub: 'ä' }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    `import { SignJWT, decodeJwt, jwtVerify } from 'jose';
const key = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
export const answer = async () => { const token = await new SignJWT({ sub: 'ä' }).setProtectedHeader({ alg: 'HS256' }).sign(key); return [(await jwtVerify(token, key)).payload, decodeJwt(token), await jwtVerify(token.slice(0, -9), key).catch(({ code }) => code)]; };`,
  ],
  [
    'zod',
    [
      { id: '9b2c4f0e-8f6a-4c43-9a52-3d5f6e7a8b9c', when: '2026-01-01T00:00:00.000Z', kind: 'a' },
      ['invalid_type', 'invalid_type', 'invalid_value', 'unrecognized_keys'],
      ['a'],
    ],
    `import { z } from 'zod';
const Order = z.object({ id: z.uuid(), when: z.coerce.date(), kind: z.enum(['a', 'b']), count: z.number().int().optional() }).strict();
export const answer = () => [Order.parse({ id: '9b2c4f0e-8f6a-4c43-9a52-3d5f6e7a8b9c', when: '2026-01-01', kind: 'a' }), Order.safeParse({ id: 1, more: 2 }).error.issues.map(({ code }) => code), z.toJSONSchema(z.object({ a: z.string() })).required];`,
  ],
];

test.each([...CASES])('%s', async (name, expected, code) => {
  expect(await answerOf(name, code)).toEqual(expected);
});
