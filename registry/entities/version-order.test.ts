import * as fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { versionOrder } from './version-order.ts';

const number = fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }));
const word = fc.stringMatching(/^[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*$/u).filter((text) => text.length < 12);
const version = fc
  .tuple(number, number, number, fc.array(fc.oneof(number.map(String), word), { maxLength: 3 }))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre.length ? `-${pre.join('.')}` : ''}`);

describe('versionOrder', () => {
  it('orders any two versions as SemVer does', () => {
    fc.assert(
      fc.property(version, version, (left, right) => {
        const byText = Buffer.compare(Buffer.from(versionOrder(left)), Buffer.from(versionOrder(right)));
        expect(byText).toBe(semver.compare(left, right));
      }),
      { numRuns: 2_000 },
    );
  });

  it('orders the chain of SemVer 2.0.0, section 11', () => {
    const chain = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'];
    const whole = [...chain, '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.1.0', '2.0.0', '10.0.0'];
    expect(whole.toSorted((a, b) => (versionOrder(a) < versionOrder(b) ? -1 : 1))).toEqual(whole);
  });
});
