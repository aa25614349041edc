/** Executors are told apart by their hues. */
import { expect, test } from 'vitest';
import { hueOf } from '../src/jobs/who.ts';

const idOf = (number: number): string => number.toString(16).padStart(64, '0');

/** Degrees between two hues. */
const between = (one: number, other: number): number => Math.min(Math.abs(one - other), 360 - Math.abs(one - other));

test('executors whose ids begin alike have hues that lie far from each other, and keep them', () => {
  const hues = [null, ...Array.from({ length: 11 }, (_, number) => idOf(number))].map(hueOf);
  for (const [at, one] of hues.entries()) for (const other of hues.slice(at + 1)) expect(between(one, other)).toBeGreaterThan(15);
  expect(hueOf(idOf(3))).toBe(hues[4]);
});

test('what is remembered is bounded', () => {
  const first = hueOf(idOf(0));
  for (let number = 100; number < 2_000; number += 1) hueOf(idOf(number));
  expect(hueOf(idOf(0))).not.toBe(first);
});
