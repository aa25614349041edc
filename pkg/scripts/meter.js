// Builds the meter of tasks into `wasm/`, optimised with the flags that its manifest names.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = 'tabmesh-meter-wasm';
const TARGET = 'wasm32-unknown-unknown';
const PROFILE = 'wasm';

const run = (program, args, stdio = 'inherit') => execFileSync(program, args, { cwd: ROOT, stdio, maxBuffer: 64 << 20 });

const metadata = JSON.parse(run('cargo', ['metadata', '--format-version', '1', '--no-deps'], ['ignore', 'pipe', 'inherit']));
const flags = metadata.packages.find(({ name }) => name === PACKAGE).metadata['wasm-pack'].profile.custom['wasm-opt'];

run('cargo', ['build', '--quiet', '--package', PACKAGE, '--profile', PROFILE, '--target', TARGET]);
const built = join(metadata.target_directory, TARGET, PROFILE, 'tabmesh_meter_wasm.wasm');
const shipped = fileURLToPath(new URL('../wasm/tabmesh_meter.wasm', import.meta.url));
mkdirSync(fileURLToPath(new URL('../wasm', import.meta.url)), { recursive: true });
run(process.execPath, [fileURLToPath(new URL('../node_modules/binaryen/bin/wasm-opt', import.meta.url)), built, ...flags, '--output', shipped]);
