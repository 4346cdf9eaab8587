import { expect, test } from 'vitest';
import { translateFailure } from './unavailable.ts';

const said = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error('said by the server'), { code, severity });

test.each([
  ['a login that was taken away', '28000'],
  ['a password that was changed', '28P01'],
  ['a database that is gone', '3D000'],
  ['no connection left', '53300'],
  ['no memory left', '53200'],
  ['a statement that took too long, or was canceled', '57014'],
  ['a session that was idle for too long', '57P05'],
  ['a transaction that was idle for too long', '25P03'],
  ['a file that cannot be read', '58030'],
  ['a standby', '25006'],
])('%s (%s) is the database being unavailable, also below what the ORM throws', (_what, code) => {
  for (const error of [said(code), new Error('of the ORM', { cause: said(code) })])
    expect(translateFailure(error, 'working')).toMatchObject({ code: 'database_unavailable' });
});

test('so is whatever ended the session', () => {
  const closed = said('55000', 'FATAL');
  expect(translateFailure(closed, 'working')).toMatchObject({ code: 'database_unavailable' });
});

test('a full disk is told of as such', () => {
  expect(translateFailure(said('53100'), 'working')).toMatchObject({ code: 'storage_full' });
});

test.each(['22001', '23505', '25P02', '40001', '42501', '42P01', '55000', 'XX000'])(
  '%s is for whoever asked',
  (code) => {
    const error = said(code);
    expect(translateFailure(error, 'working')).toBe(error);
  },
);
