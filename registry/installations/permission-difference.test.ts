import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversPermission, HTTP_METHODS, type Permission } from '../../spec/permission.ts';
import { keptGrants, newlyAsked } from './permission-difference.ts';

const entry = fc.constantFrom('https://a.org/*', 'https://a.org/x', 'https://*.b.org/*', 'https://c.b.org/y');
const fetching: fc.Arbitrary<Permission> = fc.record({
  name: fc.constant('http.fetch' as const),
  scope: fc.uniqueArray(entry, { minLength: 1 }),
  methods: fc.subarray([...HTTP_METHODS], { minLength: 1 }),
});
const emitting: fc.Arbitrary<Permission> = fc.record({
  name: fc.constant('events.emit' as const),
  scope: fc.uniqueArray(fc.constantFrom('race.*', 'race.done', 'mail.sent'), { minLength: 1 }),
});
const permissions = fc.array(fc.oneof(fetching, emitting, fc.constant<Permission>({ name: 'kv' })), {
  maxLength: 4,
});

/** Every right that a list could give, one entry and one method at a time. */
function rights(list: readonly Permission[]): Permission[] {
  return list.flatMap((each) =>
    (each.scope ?? [undefined]).flatMap((one) =>
      (each.methods ?? [undefined]).map((method) => ({
        name: each.name,
        ...(one === undefined ? {} : { scope: [one] }),
        ...(method === undefined ? {} : { methods: [method] }),
      })),
    ),
  );
}

function allows(list: readonly Permission[], right: Permission): boolean {
  return list.some((each) => coversPermission(each, right));
}

describe('newlyAsked', () => {
  it('together with what was asked before covers all that is asked now', () => {
    fc.assert(
      fc.property(permissions, permissions, (before, next) => {
        const total = [...before, ...newlyAsked(before, next)];
        for (const right of rights(next)) expect(allows(total, right)).toBe(true);
      }),
    );
  });

  it('is empty for the same in another order', () => {
    fc.assert(
      fc.property(permissions, (list) => {
        const shuffled = list
          .toReversed()
          .map((each) => (each.scope ? { ...each, scope: each.scope.toReversed() } : each));
        expect(newlyAsked(list, shuffled)).toEqual([]);
      }),
    );
  });

  it('asks about the new host alone', () => {
    const before: Permission = { name: 'http.fetch', scope: ['https://a.org/*'] };
    const next: Permission = { name: 'http.fetch', scope: ['https://a.org/x', 'https://b.org/*'] };
    expect(newlyAsked([before], [next])).toEqual([{ name: 'http.fetch', scope: ['https://b.org/*'] }]);
  });
});

describe('keptGrants', () => {
  it('never allows what was not held, nor what is no longer asked', () => {
    fc.assert(
      fc.property(permissions, permissions, (held, asked) => {
        for (const right of rights(keptGrants(held, asked))) {
          expect(allows(held, right)).toBe(true);
          expect(allows(asked, right)).toBe(true);
        }
      }),
    );
  });

  it('keeps all that is still asked', () => {
    fc.assert(
      fc.property(permissions, permissions, (held, asked) => {
        const kept = keptGrants(held, asked);
        for (const right of rights(held)) if (allows(asked, right)) expect(allows(kept, right)).toBe(true);
      }),
    );
  });
});
