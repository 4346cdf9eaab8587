/** What every route has in common, over real HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discardSouk, startSouk, type SoukProcess } from '../../tests/support/souk-process.ts';

let souk: SoukProcess;

beforeAll(async () => {
  souk = await startSouk({ environment: { SOUK_LOG_LEVEL: 'debug', SOUK_PROXY_HOPS: '1' } });
});
afterAll(() => discardSouk(souk));

type Answered = { status: number; headers: Headers; json: Record<string, unknown> };

async function send(method: string, path: string, body?: unknown, headers: object = {}): Promise<Answered> {
  const response = await fetch(`${souk.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${souk.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? {} : JSON.parse(text) };
}

const keyed = (key: string, more: object = {}) => ({ 'idempotency-key': key, ...more });

describe('Idempotency-Key', () => {
  it('gives the same answer to the same write, which was done once', async () => {
    const first = await send('POST', '/api/v1/orgs', { slug: 'once', name: 'Once' }, keyed('org-1'));
    const again = await send('POST', '/api/v1/orgs', { slug: 'once', name: 'Once' }, keyed('org-1'));
    expect(first.status).toBe(201);
    expect(again).toMatchObject({ status: 201, json: first.json });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const bare = await send('POST', '/api/v1/orgs', { slug: 'once', name: 'Once' });
    expect(bare.json['code']).toBe('org_slug_taken');
  });

  it('refuses the key with another body, path or method', async () => {
    await send('POST', '/api/v1/orgs', { slug: 'keyed', name: 'Keyed' }, keyed('org-2'));
    const others = [
      await send('POST', '/api/v1/orgs', { slug: 'other', name: 'Other' }, keyed('org-2')),
      await send('POST', '/api/v1/users', { name: 'Ada' }, keyed('org-2')),
      await send('PATCH', '/api/v1/orgs/keyed', { name: 'Renamed' }, keyed('org-2')),
    ];
    for (const { status, json } of others)
      expect({ status, code: json['code'] }).toEqual({ status: 422, code: 'idempotency_key_reused' });
  });

  it('lets one of many at once work, and has every other wait or gives it the answer', async () => {
    const body = { slug: 'race', name: 'Race' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => send('POST', '/api/v1/orgs', body, keyed('org-3'))),
    );
    const fresh = answers.filter(
      ({ status, headers }) => status === 201 && !headers.has('idempotency-replayed'),
    );
    expect(fresh).toHaveLength(1);
    for (const { status, json } of answers.filter((answer) => answer.status !== 201))
      expect({ status, code: json['code'] }).toEqual({ status: 409, code: 'idempotency_key_in_use' });
  });

  it('repeats a refusal too, with the request id of the first', async () => {
    const refused = await send('POST', '/api/v1/orgs', { slug: 'Not A Slug', name: 'X' }, keyed('org-4'));
    const again = await send('POST', '/api/v1/orgs', { slug: 'Not A Slug', name: 'X' }, keyed('org-4'));
    expect(refused.json['code']).toBe('org_slug_invalid');
    expect(again.json).toEqual(refused.json);
    expect(again.headers.get('content-type')).toBe('application/problem+json');
  });

  it('gives the secret of a new token again to who asked for it', async () => {
    const body = { name: 'ci', scopes: ['packages:publish'] };
    const first = await send('POST', '/api/v1/tokens', body, keyed('token-1'));
    const again = await send('POST', '/api/v1/tokens', body, keyed('token-1'));
    expect(first.json['secret']).toMatch(/^souk_/u);
    expect(again.json).toEqual(first.json);
  });

  it('is of one token: the same key of another is another key', async () => {
    const issued = await send('POST', '/api/v1/tokens', {
      name: 'other',
      scopes: ['instance:admin', 'orgs:admin'],
    });
    const mine = await send('POST', '/api/v1/users', { name: 'Ada' }, keyed('user-1'));
    const authorization = `Bearer ${String(issued.json['secret'])}`;
    const theirs = await send('POST', '/api/v1/users', { name: 'Bob' }, keyed('user-1', { authorization }));
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.json['id']).not.toBe(mine.json['id']);
  });

  it('answers 204 again', async () => {
    const { json } = await send('POST', '/api/v1/tokens', { name: 'gone', scopes: ['orgs:read'] });
    const path = `/api/v1/tokens/${String((json['token'] as { id: string }).id)}`;
    expect((await send('DELETE', path, undefined, keyed('gone-1'))).status).toBe(204);
    const again = await send('DELETE', path, undefined, keyed('gone-1'));
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([204, 'true']);
  });

  it.each(['x'.repeat(256), ' '])('refuses the key %j', async (key) => {
    const { json } = await send('POST', '/api/v1/users', { name: 'Ada' }, keyed(key));
    expect(json['code']).toBe('idempotency_key_invalid');
  });
});

describe('every answer', () => {
  it('has a request id, which a problem names too', async () => {
    const fine = await fetch(`${souk.url}/livez`);
    expect(fine.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/u);
    const refused = await send('GET', '/api/v1/nowhere');
    expect(refused.json['requestId']).toBe(refused.headers.get('x-request-id'));
    const isLogged = () => souk.log.some((entry) => entry['requestId'] === refused.json['requestId']);
    await expect.poll(isLogged).toBe(true);
  });

  it('names the methods that an address takes', async () => {
    const { status, headers, json } = await send('DELETE', '/api/v1/orgs');
    expect([status, json['code'], headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'POST, GET, HEAD',
    ]);
  });

  it('refuses who tries many tokens, and no one else', async () => {
    const from = { 'x-forwarded-for': '203.0.113.9' };
    const wrong = { ...from, authorization: 'Bearer nonsense' };
    for (let sent = 0; sent < 600; sent += 100)
      await Promise.all(Array.from({ length: 100 }, () => send('GET', '/api/v1/me', undefined, wrong)));
    const limited = await send('GET', '/api/v1/me', undefined, wrong);
    expect([limited.status, limited.json['code']]).toEqual([429, 'rate_limited']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await send('GET', '/api/v1/me', undefined, from)).status).toBe(200);
    const elsewhere = { ...wrong, 'x-forwarded-for': '203.0.113.10' };
    expect((await send('GET', '/api/v1/me', undefined, elsewhere)).status).toBe(401);
  });

  it('is counted for Prometheus by route, never by address', async () => {
    await send('GET', '/api/v1/packages/no/such');
    const text = await (await fetch(`${souk.url}/metrics`)).text();
    expect(text).toMatch(
      /^souk_http_requests_total\{method="GET",route="\/api\/v1\/packages\/:publisher\/:name",status="404"\} 1$/mu,
    );
    expect(text).toMatch(/^souk_http_request_seconds_bucket\{le="0\.001",route="\/livez"\} \d+$/mu);
    expect(text).not.toContain('no/such');
  });

  it('leaves no token in the log', async () => {
    await expect.poll(() => souk.log.length).toBeGreaterThan(20);
    const text = JSON.stringify(souk.log);
    expect(text).not.toContain(souk.adminToken);
    expect(text).not.toMatch(/souk_[A-Za-z0-9]{20}/u);
  });
});
