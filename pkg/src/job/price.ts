// What tasks cost. This is where the ledger comes in: until then nothing is paid, and whoever wants to pay or to be paid is told.

import { need } from '../check.js';
import { WORD, wrong } from './words.js';

/** @throws MeshError BadOption, NotForSale */
export function settlePrice(price: unknown, option: string): bigint {
  need(typeof price === 'bigint' && price >= 0n, `${option} is a bigint, 0 or more`);
  if (price > 0n) throw wrong(WORD.notForSale, option);
  return price;
}
