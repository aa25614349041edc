import { describe, expect, test } from 'vitest';
import { count, formatBytes, formatGas, formatRtt, formatSpan } from '../src/format.ts';

describe('figures for people', () => {
  test.each([
    [0n, '0'], [999n, '999'], [1_000n, '1 k'], [1_939_930n, '1.94 M'], [999_600n, '1 M'], [13_900_000_000n, '13.9 G'],
  ])('%d gas is %s', (gas, text) => expect(formatGas(gas)).toBe(text));

  test.each([
    [0, '0 B'], [999, '999 B'], [1000, '1 kB'], [16_384, '16.4 kB'], [99_950, '100 kB'], [999_499, '999 kB'],
    [999_500, '1 MB'], [1_234_567, '1.23 MB'], [10_000_000, '10 MB'], [3.2e9, '3.2 GB'], [5e15, '5000 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [null, '–'], [0, '0.1 ms'], [0.42, '0.4 ms'], [3, '3 ms'], [9.96, '10 ms'], [37.4, '37 ms'], [999.4, '999 ms'],
    [999.6, '1 s'], [1234, '1.2 s'],
  ])('a round trip of %s milliseconds is %s', (ms, text) => expect(formatRtt(ms)).toBe(text));

  test.each([
    [-50, 'now'], [4999, 'now'], [9000, '5 s'], [59_999, '50 s'], [60_000, '1 min'], [7_200_000, '2 h'], [1e9, '11 d'],
  ])('a span of %d milliseconds is %s', (ms, text) => expect(formatSpan(ms)).toBe(text));

  test('one is one and more are many', () => {
    expect([0, 1, 2].map((n) => count(n, 'peer'))).toEqual(['0 peers', '1 peer', '2 peers']);
    expect(count(2, 'piece', 'bits')).toBe('2 bits');
  });
});
