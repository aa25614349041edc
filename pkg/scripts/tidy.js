// Takes away what wasm-pack leaves for a repository of its own: its .gitignore would keep npm from packing the module.
import { rmSync } from 'node:fs';

for (const name of ['.gitignore', 'tabmesh_core_bg.wasm.d.ts']) {
  rmSync(new URL(`../wasm/${name}`, import.meta.url), { force: true });
}
