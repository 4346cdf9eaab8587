import { expect, test } from 'vitest';
import {
  BASE,
  encodePoint,
  encodeScalar,
  encodeY,
  L,
  multiply,
  P,
  torsionPoints,
} from './edwards-curve.fixture.ts';
import { isReducedScalar, judgePoint } from './point-encoding.ts';

test('every point of low order, computed from the curve, is refused with either sign bit', () => {
  const ys = new Set(torsionPoints().map((point) => point.y));
  expect(ys.size).toBe(5);
  for (const y of ys) {
    expect(judgePoint(encodeY(y, 0n))).toBe('lowOrder');
    expect(judgePoint(encodeY(y, 1n))).toBe('lowOrder');
  }
});

test('every second spelling of a y, from the prime to 2^255, is refused with either sign bit', () => {
  for (let y = P; y < 2n ** 255n; y += 1n) {
    expect(judgePoint(encodeY(y, 0n))).toBe('notCanonical');
    expect(judgePoint(encodeY(y, 1n))).toBe('notCanonical');
  }
});

test('ordinary points are sound, also near the edges', () => {
  for (const scalar of [1n, 2n, 3n, L - 1n])
    expect(judgePoint(encodePoint(multiply(scalar, BASE)))).toBe('sound');
  for (const y of [2n, P - 2n]) expect(judgePoint(encodeY(y, 0n))).toBe('sound');
});

test('a scalar is reduced below the group order and not from it on', () => {
  expect([0n, 1n, L - 1n].map((scalar) => isReducedScalar(encodeScalar(scalar)))).toEqual([true, true, true]);
  const beyond = [L, L + 1n, 2n * L, 8n * L, 2n ** 256n - 1n];
  expect(beyond.map((scalar) => isReducedScalar(encodeScalar(scalar)))).toEqual(beyond.map(() => false));
});
