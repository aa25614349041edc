// Where the built parts are. `cargo xtask` names them in the environment; by hand, the usual places are looked at.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What failed runs leave behind. */
export const RESULTS = join(ROOT, 'tests', 'results');

const TARGET = join(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const BUILT = join(TARGET, 'debug');

/** The program `tabmesh`. */
export const native = () => found(process.env.E2E_NATIVE ?? join(BUILT, 'tabmesh'));

/** The signalling server. */
export const signalling = () => found(process.env.E2E_SIGNALLING ?? join(BUILT, 'tabmesh-signalling'));

/** A native peer that lies about what it runs for others. */
export const liar = () => found(process.env.E2E_LIAR ?? join(BUILT, 'examples', 'liar'));

/** The counter of the examples as a Wasm module. */
export const counter = () => readFileSync(found(process.env.E2E_COUNTER ?? join(TARGET, 'wasm32-unknown-unknown', 'wasm', 'tabmesh_counter_wasm.wasm')));

/** A browser of the Chromium family. */
export const chromium = () => found(process.env.CHROMIUM ?? '/usr/bin/chromium');

/** Firefox. */
export const firefox = () => found(process.env.FIREFOX ?? '/usr/bin/firefox-esr');

/** The built web app. */
export const web = () => found(join(ROOT, 'web', 'dist'));

/** The npm package, built. */
export const pkg = () => found(join(ROOT, 'pkg'));

/** A tab's life for replaying, as `cargo test -p tabmesh-engine --test scenarios replay` writes it down. */
export const replay = () => readFileSync(found(process.env.E2E_REPLAY ?? join(TARGET, 'tmp', 'replay.bin')));

/** Metered modules and what an interpreter says of them, as `cargo test -p tabmesh-meter-checks --test node` writes it down. */
export const transcript = () => found(process.env.E2E_TRANSCRIPT ?? join(TARGET, 'tmp', 'transcript'));

/** The same of recursion around values that compilers keep. */
export const keptTranscript = () => `${transcript()}-kept`;

function found(path) {
  if (!existsSync(path)) {
    throw new Error(`there is no ${path}: \`cargo xtask e2e\` builds every part and runs the scenarios`);
  }
  return path;
}
