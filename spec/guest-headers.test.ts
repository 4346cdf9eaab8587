import { expect, test } from 'vitest';

import { headersForGuest, headersFromGuest, type Header } from './guest-headers.ts';

const kept: Header = ['x-total-count', '3'];

test.each([
  ['a file of the proxy', 'X-Accel-Redirect'],
  ['a rate of the proxy', 'x-accel-limit-rate'],
  ['a file of the proxy', 'X-Sendfile'],
  ['a file of the proxy', 'X-LiteSpeed-Location'],
  ['another answer', 'X-Reproxy-URL'],
  ['what the body includes', 'Surrogate-Control'],
  ['that the server is ill', 'X-Envoy-Immediate-Health-Check-Fail'],
  ['hints for all of the origin', 'Accept-CH'],
  ['a session of the origin', 'Secure-Session-Registration'],
  ['a cookie of the origin', 'Set-Cookie'],
  ['a name of ours', 'X-Souk-Anything'],
  ['when it was made', 'Date'],
])('a plugin cannot answer %s: %s', (_what, name) => {
  expect(headersFromGuest([[name, 'a'], kept])).toEqual([kept]);
});

test.each(['cf-connecting-ip', 'true-client-ip', 'x-client-cert', 'x-forwarded', 'x-forwarded-for', 'via'])(
  'a plugin is not told what a proxy said of the caller: %s',
  (name) => {
    expect(headersForGuest([[name, 'a'], kept])).toEqual([kept]);
  },
);
