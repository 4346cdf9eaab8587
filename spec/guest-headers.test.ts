import { expect, test } from 'vitest';

import { GUEST_ANSWER_HEADERS, headersForGuest, headersFromGuest, type Header } from './guest-headers.ts';

const kept: Header = ['x-total-count', '3'];

test.each([
  ['a file of the proxy', 'X-Accel-Redirect'],
  ['a rate of the proxy', 'x-accel-limit-rate'],
  ['a file of the proxy', 'X-Sendfile'],
  ['a file of the proxy', 'X-Sendfile-Temporary'],
  ['a file of the proxy', 'X-LiteSpeed-Location'],
  ['a file of the proxy', 'X-Lighttpd-Send-File'],
  ['another answer', 'X-Reproxy-URL'],
  ['what the body includes', 'Surrogate-Control'],
  ['what the body includes', 'Surrogate-Capability'],
  ['how long the edge keeps it', 'Edge-Control'],
  ['that the server is ill', 'X-Envoy-Immediate-Health-Check-Fail'],
  ['hints for all of the origin', 'Accept-CH'],
  ['hints for all of the origin', 'Accept-CH-Lifetime'],
  ['hints for all of the origin', 'Critical-CH'],
  ['certificates of the origin', 'Expect-CT'],
  ['certificates of the origin', 'Public-Key-Pins'],
  ['certificates of the origin', 'Public-Key-Pins-Report-Only'],
  ['transport of the origin', 'Strict-Transport-Security'],
  ['other places of the origin', 'Alt-Svc'],
  ['a session of the origin', 'Secure-Session-Registration'],
  ['a session of the origin', 'Sec-Session-Registration'],
  ['a login of the origin', 'Set-Login'],
  ['a dictionary of the origin', 'Use-As-Dictionary'],
  ['a cookie of the origin', 'Set-Cookie'],
  ['a cookie of the origin', 'Set-Cookie2'],
  ['an end to the data of the origin', 'Clear-Site-Data'],
  ['a worker of the origin', 'Service-Worker-Allowed'],
  ['where the reports of the origin go', 'NEL'],
  ['where the reports of the origin go', 'Report-To'],
  ['where the reports of the origin go', 'Reporting-Endpoints'],
  ['what its document may do', 'Content-Security-Policy'],
  ['what its document may do', 'Content-Security-Policy-Report-Only'],
  ['what its document may do', 'Cross-Origin-Opener-Policy'],
  ['what its document may do', 'X-Content-Type-Options'],
  ['what its document may do', 'X-Frame-Options'],
  ['where its source is', 'SourceMap'],
  ['who served it', 'Server'],
  ['which request it answers', 'X-Request-Id'],
  ['how it is framed', 'Connection'],
  ['how it is framed', 'Content-Length'],
  ['how it is framed', 'Keep-Alive'],
  ['how it is framed', 'TE'],
  ['how it is framed', 'Trailer'],
  ['how it is framed', 'Transfer-Encoding'],
  ['how it is framed', 'Upgrade'],
  ['in the place of a proxy', 'Proxy-Authenticate'],
  ['in the place of a proxy', 'Proxy-Connection'],
  ['a name of ours', 'X-Souk-Anything'],
  ['when it was made', 'Date'],
])('a plugin cannot answer %s: %s', (_what, name) => {
  expect(headersFromGuest([[name, 'a'], kept])).toEqual([kept]);
});

test.each([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-cert',
  'client-cert-chain',
  'fastly-client-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-cert',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-forwarded-for',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-ssl-client-cert',
])('a plugin is not told what a proxy said of the caller: %s', (name) => {
  expect(headersForGuest([[name, 'a'], kept])).toEqual([kept]);
});

test.each([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-souk-anything',
])('a plugin is not told what is between the caller and Souk: %s', (name) => {
  expect(headersForGuest([[name, 'a'], kept])).toEqual([kept]);
});

test('every answer of a plugin is a document of no origin, of the type that it says', () => {
  expect(Object.fromEntries(GUEST_ANSWER_HEADERS)).toEqual({
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  });
});
