import { shortId } from '../format.ts';

/** Executors whose hues are remembered; of more the first is forgotten. */
const KNOWN_MAX = 1_024;

/** Degrees between two that appear one after another: hues lie as far from each other as they can, however many there are. */
const GOLDEN_ANGLE = 137.508;

const known = new Map<string, number>();
let appeared = 0;

/** The hue of an executor, in degrees, by the order in which they appeared: the same in every picture and table of the page. */
export function hueOf(id: string | null): number {
  if (id === null) return 0;
  let order = known.get(id);
  if (order === undefined) {
    appeared += 1;
    order = appeared;
    known.set(id, order);
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
  }
  return (order * GOLDEN_ANGLE) % 360;
}

/** An executor in a few letters. */
export const nameOf = (id: string | null): string => (id === null ? 'this tab' : shortId(id));
