import { describe, expect, test } from 'vitest';
import { LABEL_GAP, LABEL_RADIUS, geodesic, neighbourhoodSpan, pointAt, sharedBits, spread, turnFrom, turnOf } from '../src/ring.ts';
import style from '../src/style/ring.css?raw';
import { NARROW } from '../src/ui/narrow.ts';

const id = (head: string): string => head.padEnd(64, '0');

/** A small seeded generator (mulberry32), so that a failing case can be named. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const around = (a: number, b: number): number => {
  const d = Math.abs(a - b) % 1;
  return Math.min(d, 1 - d);
};

describe('angles', () => {
  test('ids divide the ring by their first bits', () => {
    expect(turnOf(id('0'))).toBe(0);
    expect(turnOf(id('8'))).toBe(0.5);
    expect(turnOf(id('c'))).toBe(0.75);
    expect(turnOf('f'.repeat(64))).toBeLessThan(1);
  });

  test('the own id is the top of the ring', () => {
    expect(turnFrom(id('9f'), id('9f'))).toBe(0);
    expect(turnFrom(id('f'), id('1'))).toBeCloseTo(0.125);
    expect(turnFrom(id('1'), id('f'))).toBeCloseTo(0.875);
  });

  test('the top is up and angles grow clockwise', () => {
    expect(pointAt(0, 100)).toEqual({ x: 0, y: -100 });
    expect(pointAt(0.25, 100)).toEqual({ x: 100, y: 0 });
    expect(pointAt(0.5, 100)).toEqual({ x: 0, y: 100 });
  });
});

describe('geodesics', () => {
  /** Radius and sweep of an arc's path. */
  const arc = (path: string): [number, string] => {
    const parts = /A([\d.]+) [\d.]+ 0 0 ([01])/.exec(path);
    return [Number(parts?.[1]), parts?.[2] ?? ''];
  };

  test('opposite ends are joined by a diameter', () => {
    expect(geodesic(0, 0.5, 100)).toBe('M0 -100L0 100');
  });

  test('an arc meets the ring at right angles: radius² + bend² = distance of centres²', () => {
    for (const turn of [0.02, 0.1, 0.25, 0.4, 0.49]) {
      const [bend] = arc(geodesic(0, turn, 100));
      // The centre of such an arc is where the tangents at both ends meet.
      const centre = 100 / Math.cos(Math.PI * turn);
      expect(centre ** 2 / (100 ** 2 + bend ** 2)).toBeCloseTo(1, 3);
    }
  });

  test('arcs bend towards the middle on either side', () => {
    expect(arc(geodesic(0, 0.25, 100))[1]).toBe('0');
    expect(arc(geodesic(0, 0.75, 100))[1]).toBe('1');
  });

  test('an id on top of the own one still gives a path that can be drawn', () => {
    expect(geodesic(0, 0, 100)).not.toMatch(/NaN|Infinity|A0 /);
  });
});

describe('the neighbourhood', () => {
  test('shared bits are counted from the top', () => {
    expect(sharedBits(id('8'), id('0'))).toBe(0);
    expect(sharedBits(id('a'), id('b'))).toBe(3);
    expect(sharedBits(id('ab0'), id('ab1'))).toBe(11);
    expect(sharedBits(id('ab'), id('ab'))).toBe(256);
  });

  test('is the whole ring while nobody is known', () => {
    expect(neighbourhoodSpan(id('4'), [])).toEqual({ start: 0, length: 1 });
  });

  test('is the stretch that shares the farthest neighbour’s bits', () => {
    // Own 0100…, farthest shares two bits: the stretch is [0100…, 1000…), and own stands at its beginning.
    const span = neighbourhoodSpan(id('4'), [id('41'), id('7')]);
    expect(span.length).toBe(0.25);
    expect(span.start).toBe(0);
    // Own at the end of the same stretch: it begins a quarter of a turn before, less one sixteenth.
    expect(neighbourhoodSpan(id('7'), [id('4')]).start).toBeCloseTo(1 - 0.1875);
  });
});

describe('labels', () => {
  test('stay where they are when there is room', () => {
    expect(spread([0.1, 0.5, 0.9], 0.05)).toEqual([0.1, 0.5, 0.9].map((turn) => expect.closeTo(turn, 9)));
    expect(spread([], 0.1)).toEqual([]);
    expect(spread([0.3], 0.1)).toEqual([0.3]);
  });

  test('a pile is opened evenly about its middle', () => {
    expect(spread([0.5, 0.5, 0.5], 0.1)).toEqual([0.4, 0.5, 0.6].map((turn) => expect.closeTo(turn, 9)));
  });

  test('the top of the ring is no border', () => {
    const [a, b] = spread([0.99, 0.01], 0.1) as [number, number];
    expect(a).toBeCloseTo(0.95);
    expect(b).toBeCloseTo(0.05);
  });

  test('any angles end at least a gap apart, in the same order, on the ring', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const next = random(seed);
      const n = 2 + Math.floor(next() * 30);
      const gap = next() * 0.06;
      const turns = Array.from({ length: n }, () => next() ** (1 + (seed % 4)));
      const placed = spread(turns, gap);
      const order = turns.map((_, i) => i).sort((a, b) => turns[a]! - turns[b]!);
      const least = Math.min(gap, 1 / n) - 1e-9;
      let way = 0;
      order.forEach((i, k) => {
        const j = order[(k + 1) % n]!;
        expect(placed[i], `seed ${seed}`).toBeGreaterThanOrEqual(0);
        expect(placed[i], `seed ${seed}`).toBeLessThan(1);
        expect(around(placed[i]!, placed[j]!), `seed ${seed}`).toBeGreaterThanOrEqual(least);
        way += (placed[j]! - placed[i]! + 1) % 1;
      });
      // Once round and no more: nobody overtook anybody.
      expect(way, `seed ${seed}`).toBeCloseTo(1, 6);
    }
  });

  test('a line of text fits between two of them, in the letters of either width of the page', () => {
    const [wide, narrow] = style.split(`@media ${NARROW}`);
    const letters = (rules: string | undefined): number => {
      const rule = /\.link \.label \{([^}]*)\}/.exec(rules ?? '')?.[1] ?? '';
      return Number(/(?:font-size: |font: \d+ )(\d+)px/.exec(rule)?.[1]);
    };
    const gap = (turn: number): number => turn * 2 * Math.PI * LABEL_RADIUS;
    expect(gap(LABEL_GAP.wide)).toBeGreaterThan(1.25 * letters(wide));
    expect(gap(LABEL_GAP.narrow)).toBeGreaterThan(1.25 * letters(narrow));
    // All links that a tab may have, and the own label, which takes five places.
    expect((32 + 5) * LABEL_GAP.narrow).toBeLessThan(1);
  });

  test('more than fit are spread evenly', () => {
    const placed = spread([0.1, 0.11, 0.12, 0.13], 0.5).sort((a, b) => a - b);
    for (let k = 1; k < 4; k += 1) expect(placed[k]! - placed[k - 1]!).toBeCloseTo(0.25);
  });
});
