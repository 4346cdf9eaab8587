import { expect, test } from 'vitest';
import { Refusal } from '../spec/refusal.ts';
import { explainFirstContact } from './first-contact.ts';

test.each([
  ['28P01', 'database_access_refused'],
  ['42501', 'database_access_refused'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'database_access_refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'database_access_refused'],
  ['CERT_HAS_EXPIRED', 'database_access_refused'],
  ['3D000', 'database_missing'],
  ['57P03', 'database_unavailable'],
  ['53300', 'database_unavailable'],
  ['ECONNREFUSED', 'database_unavailable'],
  ['42P01', 'database_contact_failed'],
  ['XX000', 'database_contact_failed'],
])('%s is %s, also below what the ORM throws', (sqlstate, code) => {
  const cause = Object.assign(new Error('said by the server\nand more'), { code: sqlstate });
  for (const error of [cause, new Error('of the ORM', { cause })])
    expect(explainFirstContact(error)).toMatchObject({ code });
});

test('the reason is told, also of a host with several addresses', () => {
  const errors = [
    new Error('connect ECONNREFUSED ::1:5432'),
    new Error('connect ECONNREFUSED 127.0.0.1:5432'),
  ];
  const cause = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
  expect(explainFirstContact(cause)).toMatchObject({
    code: 'database_unavailable',
    message: 'Its answer: connect ECONNREFUSED ::1:5432.',
  });
});

test('a refusal stays as it is', () => {
  const refusal = new Refusal('database_role_unsuitable', { detail: 'Above the policies.' });
  expect(explainFirstContact(refusal)).toBe(refusal);
});
