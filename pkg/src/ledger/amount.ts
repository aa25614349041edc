// Amounts: BigInt in grains, never a number, which has no place for all of them.

import { CREDIT, SUPPLY_MAX } from './limits.js';
import { WORD, wrong } from './words.js';

const DECIMALS = 6;

/**
 * Grains of credits that are written as decimal digits: `'1.25'` are 1,250,000. A point, no other sign; at most 6 decimals.
 *
 * @throws MeshError BadAmount
 */
export function credits(text: string): bigint {
  const found = typeof text === 'string' ? /^(\d{1,13})(?:\.(\d{1,6}))?$/.exec(text) : null;
  if (!found) throw wrong(WORD.badAmount, typeof text === 'string' ? text.slice(0, 32) : `of type ${typeof text}`);
  const grains = BigInt(found[1]!) * CREDIT + BigInt((found[2] ?? '').padEnd(DECIMALS, '0'));
  if (grains > SUPPLY_MAX) throw wrong(WORD.badAmount, text);
  return grains;
}

/**
 * Grains as credits: 1,250,000 are `'1.25'`. What {@link credits} reads back.
 *
 * @throws MeshError BadAmount for what is no BigInt from 0 on
 */
export function formatCredits(grains: bigint): string {
  if (typeof grains !== 'bigint' || grains < 0n) throw wrong(WORD.badAmount, typeof grains === 'bigint' ? String(grains) : `of type ${typeof grains}`);
  const decimals = String(grains % CREDIT).padStart(DECIMALS, '0').replace(/0+$/, '');
  return `${grains / CREDIT}${decimals && `.${decimals}`}`;
}

/** What is to be sent. @throws MeshError BadAmount */
export function amountOf(grains: unknown): bigint {
  if (typeof grains !== 'bigint') throw wrong(WORD.badAmount, `of type ${typeof grains}`);
  if (grains < 1n || grains > SUPPLY_MAX) throw wrong(WORD.badAmount, String(grains));
  return grains;
}
