/**
 * The id space as a ring: pure geometry. An angle is a part of a turn in [0, 1), clockwise from the top; a node's own
 * id stands at 0. The centre of the ring is the origin, y points down, as SVG has it.
 */

/** A point in the drawing's units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Part of the ring: where it begins, clockwise, and how long it is, up to 1. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** Where the labels begin, from the centre, in the drawing's units. */
export const LABEL_RADIUS = 250;

/** Labels are at least this part of a turn apart: a line of text where they begin. On a narrow page the letters are larger. */
export const LABEL_GAP = { wide: 0.0135, narrow: 0.0175 } as const;

/** Hex digits that become an angle: 48 bits, which a double holds exactly. */
const DIGITS = 12;

/** Where an id (64 hex digits) stands on the ring whose top is id 0. */
export function turnOf(id: string): number {
  return parseInt(id.slice(0, DIGITS), 16) / 2 ** (4 * DIGITS);
}

/** Where an id stands on the ring whose top is `own`. */
export function turnFrom(own: string, id: string): number {
  return wrap(turnOf(id) - turnOf(own));
}

/** The point of a circle at an angle. */
export function pointAt(turn: number, radius: number): Point {
  const angle = turn * 2 * Math.PI;
  return { x: round(radius * Math.sin(angle)), y: round(-radius * Math.cos(angle)) };
}

/**
 * The path from one angle to another that meets the circle at right angles on both sides: a straight line of the
 * hyperbolic plane in Poincaré's disc. Near ends are joined by a small petal, far ones by a sweep through the middle.
 */
export function geodesic(from: number, to: number, radius: number): string {
  const a = pointAt(from, radius);
  const b = pointAt(to, radius);
  const ahead = wrap(to - from);
  const apart = Math.min(ahead, 1 - ahead);
  // Within a ten-thousandth of a half turn the arc's radius runs away, and the arc is a diameter.
  if (apart > 0.4999) return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  const bend = round(Math.max(radius * Math.tan(Math.PI * apart), 0.01));
  return `M${a.x} ${a.y}A${bend} ${bend} 0 0 ${ahead < 0.5 ? 0 : 1} ${b.x} ${b.y}`;
}

/** How many leading bits two ids (64 hex digits each) share: 0 to 256. */
export function sharedBits(a: string, b: string): number {
  for (let i = 0; i < a.length; i += 1) {
    const difference = parseInt(a[i]!, 16) ^ parseInt(b[i]!, 16);
    if (difference !== 0) return 4 * i + Math.clz32(difference) - 28;
  }
  return 4 * a.length;
}

/**
 * The part of the ring that the neighbourhood stands on: every id that shares as many leading bits with `own` as the
 * farthest neighbour does. The whole ring while nobody is known or the network is small.
 */
export function neighbourhoodSpan(own: string, neighbours: readonly string[]): Span {
  const bits = neighbours.length === 0 ? 0 : Math.min(...neighbours.map((id) => sharedBits(own, id)));
  const length = 2 ** -bits;
  return bits === 0 ? { start: 0, length } : { start: wrap(-(turnOf(own) % length)), length };
}

/**
 * Moves labels apart: angles at least `gap` from each other, in the same order round the ring, each as near to its
 * mark as can be (least squares; Ayer et al. 1955, pool adjacent violators). Spread evenly where they do not all fit.
 */
export function spread(turns: readonly number[], gap: number): number[] {
  const n = turns.length;
  if (n < 2) return [...turns];
  const room = Math.min(gap, 1 / n);
  const order = turns.map((_, i) => i).sort((a, b) => turns[a]! - turns[b]!);
  // The ring is cut at its widest hole: there the two ends are least likely to push each other.
  const cut = widestHole(order.map((i) => turns[i]!));
  const row = order.map((_, k) => order[(k + cut) % n]!);
  const first = turns[row[0]!]!;
  // Without the gaps owed so far, "at least one gap apart" reads "not falling".
  const settled = notFalling(row.map((i, k) => wrap(turns[i]! - first) - k * room));
  // The row's two ends are neighbours as well: where they would meet, what is between gives way evenly.
  const total = settled[n - 1]! - settled[0]!;
  const most = 1 - n * room;
  const scale = total > most ? most / total : 1;
  const start = first + settled[0]! + (total - total * scale) / 2;
  const placed = new Array<number>(n);
  row.forEach((i, k) => {
    placed[i] = wrap(start + (settled[k]! - settled[0]!) * scale + k * room);
  });
  return placed;
}

/** The place behind the widest hole between sorted angles. */
function widestHole(sorted: readonly number[]): number {
  let widest = -1;
  let behind = 0;
  sorted.forEach((turn, k) => {
    const hole = k === 0 ? wrap(turn - sorted[sorted.length - 1]!) : turn - sorted[k - 1]!;
    if (hole > widest) [widest, behind] = [hole, k];
  });
  return behind;
}

/** The series nearest to the given one that never falls. */
function notFalling(values: readonly number[]): number[] {
  const pools: { sum: number; size: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, size: 1 };
    for (let last = pools.at(-1); last && last.sum / last.size > pool.sum / pool.size; last = pools.at(-1)) {
      pool = { sum: pool.sum + last.sum, size: pool.size + last.size };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, size }) => new Array<number>(size).fill(sum / size));
}

/** Into [0, 1). */
function wrap(turn: number): number {
  const part = turn - Math.floor(turn);
  return part < 1 ? part : 0;
}

/** Hundredths: finer than a screen shows, and short in the document. */
function round(value: number): number {
  return Math.round(value * 100) / 100 || 0;
}
