import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const TOOLS = `const enc = (text) => new TextEncoder().encode(text); const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { subtle } = crypto; const usages = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];`;

agreesWithNode(() => isolate, {
  'usages that repeat, and the list of a key': `${TOOLS} const many = [...usages, ...usages, ...usages]; const key = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, many); const bad = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, [...many, 'sign']).catch((error) => error.name); return [key.usages, key.usages === key.usages, key.algorithm === key.algorithm, bad];`,
  digests: `${TOOLS} return Promise.all(['sha-1', 'SHA-256', { name: 'SHA-384' }, 'SHA-512'].map(async (name) => hex(await subtle.digest(name, enc('abc')))));`,
  'a digest of a part of a buffer': `${TOOLS} return hex(await subtle.digest('SHA-256', new Uint8Array([1, 97, 98, 99, 1]).subarray(1, 4)));`,
  'HMAC and its key': `${TOOLS} const key = await subtle.importKey('raw', enc('Jefe'), { name: 'HMAC', hash: { name: 'SHA-256' } }, true, ['sign', 'verify']); const signature = await subtle.sign('HMAC', key, enc('x'));
    return [hex(signature), await subtle.verify('HMAC', key, signature, enc('x')), await subtle.verify('HMAC', key, signature, enc('y')), key.type, key.extractable, key.usages, key.algorithm, hex(await subtle.exportKey('raw', key)), (await subtle.exportKey('jwk', key)).k];`,
  'PBKDF2 and HKDF': `${TOOLS} const p = await subtle.importKey('raw', enc('password'), 'PBKDF2', false, ['deriveBits']); const h = await subtle.importKey('raw', enc('key'), 'HKDF', false, ['deriveBits']);
    return [hex(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: enc('salt'), iterations: 3 }, p, 384)), hex(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: enc('s'), info: enc('i') }, h, 128)), p.extractable];`,
  'AES in all its modes': `${TOOLS} const results = [];
    for (const algorithm of [{ name: 'AES-GCM', iv: enc('0123456789ab'), additionalData: enc('x') }, { name: 'AES-CBC', iv: enc('0123456789abcdef') }, { name: 'AES-CTR', counter: enc('0123456789abcdef'), length: 64 }]) {
      const key = await subtle.importKey('raw', enc('0123456789abcdef'), algorithm.name, true, usages); const sealed = await subtle.encrypt(algorithm, key, enc('geheim'));
      const wrapped = await subtle.wrapKey('jwk', key, key, algorithm); const back = await subtle.unwrapKey('jwk', wrapped, key, algorithm, algorithm.name, true, usages);
      results.push(hex(sealed), new TextDecoder().decode(await subtle.decrypt(algorithm, key, sealed)), back.usages);
    } return results;`,
  'AES-KW': `${TOOLS} const key = await subtle.importKey('raw', enc('0123456789abcdef'), 'AES-KW', true, ['wrapKey', 'unwrapKey']); const inner = await subtle.importKey('raw', enc('fedcba9876543210'), 'AES-GCM', true, ['encrypt']);
    const wrapped = await subtle.wrapKey('raw', inner, key, 'AES-KW'); return [hex(wrapped), hex(await subtle.exportKey('raw', await subtle.unwrapKey('raw', wrapped, key, 'AES-KW', 'AES-GCM', true, ['encrypt'])))];`,
  'a key that is not extractable': `${TOOLS} const key = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']); return subtle.exportKey('raw', key);`,
  'a key that may not wrap': `${TOOLS} const key = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']); return subtle.wrapKey('raw', key, key, { name: 'AES-GCM', iv: enc('0123456789ab') });`,
  'a secret key without usages': `${TOOLS} return subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, []);`,
  'a JWK that forbids extraction': `${TOOLS} return subtle.importKey('jwk', { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA', ext: false }, 'AES-GCM', true, ['encrypt']);`,
  'an altered message': `${TOOLS} const key = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, usages); const iv = new Uint8Array(12); const sealed = new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv }, key, enc('x'))); sealed[0] ^= 1; return subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed);`,
  'random values: length, kinds, limits': `const kinds = [new Uint8Array(0), new BigInt64Array(2), new Uint8Array(65536), new Uint8Array(65537), new Float32Array(1), new DataView(new ArrayBuffer(1)), [1]];
    return kinds.map((array) => { try { return crypto.getRandomValues(array) === array; } catch (error) { return error.name === 'QuotaExceededError' ? 'quota' : 'refused'; } });`,
  'members that belong to another algorithm': `${TOOLS} const extra = { namedCurve: 'ed25519', hash: 'MD5', length: 'x', iv: 1, salt: null, public: {} };
    const { publicKey, privateKey } = await subtle.generateKey({ ...extra, name: 'ed25519' }, true, ['sign', 'verify']); const raw = await subtle.exportKey('raw', publicKey);
    const key = await subtle.importKey('raw', raw, { ...extra, name: 'Ed25519' }, false, ['verify']); const signature = await subtle.sign({ ...extra, name: 'ED25519' }, privateKey, enc('x'));
    return [await subtle.verify({ ...extra, name: 'ed25519' }, key, signature, enc('x')), key.algorithm, hex(await subtle.digest({ ...extra, name: 'sha-256' }, enc('x')))];`,
  'members that an algorithm needs': `${TOOLS} const key = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, usages); const refused = (work) => work.then(() => 'done', (error) => error.name);
    return [await refused(subtle.encrypt({ name: 'AES-GCM' }, key, enc('x'))), await refused(subtle.encrypt({ name: 'AES-GCM', iv: 1 }, key, enc('x'))), await refused(subtle.generateKey({ name: 'HMAC' }, true, ['sign'])), await refused(subtle.importKey('raw', enc('x'), { name: 'HMAC', hash: 'no' }, true, ['sign']))];`,
  'keys are not constructed': `return new CryptoKey();`,
});

test('random values are random, UUIDs are of version 4', async () => {
  const [uuids, bytes] = (await isolate.run(
    `return [Array.from({ length: 50 }, () => crypto.randomUUID()), [...crypto.getRandomValues(new Uint32Array(50))]];`,
  )) as [string[], number[]];
  expect(new Set(uuids).size + new Set(bytes).size).toBe(100);
  for (const uuid of uuids)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
