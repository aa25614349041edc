// Builds a crate whose Wasm needs no bindings into `wasm/`, optimised with the flags of a manifest: `node scripts/wasm.js PACKAGE FILE`.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TARGET = 'wasm32-unknown-unknown';
const PROFILE = 'wasm';

const [name, file] = process.argv.slice(2);
if (!file) throw new Error('usage: node scripts/wasm.js PACKAGE FILE');

const run = (program, args, stdio = 'inherit') => execFileSync(program, args, { cwd: ROOT, stdio, maxBuffer: 64 << 20 });

const metadata = JSON.parse(run('cargo', ['metadata', '--format-version', '1', '--no-deps'], ['ignore', 'pipe', 'inherit']));
const flags = metadata.packages.find((one) => one.name === name).metadata['wasm-pack'].profile.custom['wasm-opt'];

run('cargo', ['build', '--quiet', '--package', name, '--profile', PROFILE, '--target', TARGET]);
const built = join(metadata.target_directory, TARGET, PROFILE, `${name.replaceAll('-', '_')}.wasm`);
const shipped = fileURLToPath(new URL(`../wasm/${file}`, import.meta.url));
mkdirSync(fileURLToPath(new URL('../wasm', import.meta.url)), { recursive: true });
run(process.execPath, [fileURLToPath(new URL('../node_modules/binaryen/bin/wasm-opt', import.meta.url)), built, ...flags, '--output', shipped]);
