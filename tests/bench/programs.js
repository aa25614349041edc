// The native programs of the benches, built for release; `cargo xtask bench` says where they are.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../harness/places.js';

const EXAMPLES = process.env.BENCH_EXAMPLES ?? join(ROOT, process.env.CARGO_TARGET_DIR ?? 'target', 'release', 'examples');

/** The path of one of them. */
export function program(name) {
  const path = join(EXAMPLES, name);
  if (!existsSync(path)) throw new Error(`there is no ${path}: \`cargo xtask bench\` builds it`);
  return path;
}
