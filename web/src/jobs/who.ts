import { shortId } from '../format.ts';

/** The hue of an executor, from its id: the same in every picture and table. */
export const hueOf = (id: string | null): number => (id === null ? 0 : Number.parseInt(id.slice(0, 4), 16) % 360);

/** An executor in a few letters. */
export const nameOf = (id: string | null): string => (id === null ? 'this tab' : shortId(id));
