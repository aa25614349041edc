// Runs in the page: links by themselves, without an engine.

import { connectionCount } from '../dist/connections.js';
import { Links } from '../dist/links.js';

/** Links that note what they tell; `on` overrides what is done about it. */
export function noted(on = {}, configuration = {}) {
  const notes = [];
  const hearer = Object.fromEntries(
    ['onDescribed', 'onUp', 'onBytes', 'onDrained', 'onDown', 'onRefused'].map((name) => [
      name,
      (...args) => {
        notes.push([name, ...args]);
        on[name]?.(...args);
      },
    ]),
  );
  const links = new Links(configuration, hearer);
  return { links, notes, names: () => notes.map(([name]) => name) };
}

export async function until(what, holds, ms = 10_000) {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Two ends in this page, link 1 at one and link 2 at the other, open; how long that took, and the descriptions' sizes. */
export async function pair(onA = {}, onB = {}) {
  const sizes = [];
  const began = performance.now();
  const a = noted({
    ...onA,
    onDescribed: (_, description) => {
      sizes.push(description.length);
      b.links.openRtc(2, description);
    },
  });
  const b = noted({
    ...onB,
    onDescribed: (_, description) => {
      sizes.push(description.length);
      a.links.answered(1, description);
    },
  });
  a.links.openRtc(1);
  await until('both ends open', () => a.names().includes('onUp') && b.names().includes('onUp'));
  return { a, b, sizes, ms: performance.now() - began };
}

/** Collects garbage until `holds`, or for 30 seconds. */
export async function collected(holds) {
  for (let round = 0; round < 300 && !holds(); round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return holds();
}

export { connectionCount };
