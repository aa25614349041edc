// What a page downloads that takes part and executes tasks: `tabmesh` and `tabmesh/task`, bundled and minified by Vite as an
// application would, each file as brotli of quality 11; and what `tabmesh/job` adds to that. Prints the parts in bytes, as JSON.
//
// Called with the folder whose node_modules hold Vite and the package.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const folder = process.argv[2];
const vite = createRequire(join(folder, 'package.json')).resolve('vite');
const { build } = await import(pathToFileURL(vite));

const ENTRY = 'tabmesh-entry';

/** Bundles the whole of some entries of the package, with nothing left out because it is not used. */
async function bundled(...names) {
  const imports = names.map((name, at) => `import * as all${at} from '${name}';`);
  const text = `${imports.join(' ')} globalThis.all = [${names.map((_, at) => `all${at}`)}];`;
  const entry = {
    name: ENTRY,
    resolveId: (id) => (id === ENTRY ? join(folder, `${ENTRY}.js`) : undefined),
    load: (id) => (id.endsWith(`${ENTRY}.js`) ? text : undefined),
  };
  const { output } = await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    plugins: [entry],
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // The hash in a name moves what brotli makes of a file by a hundred bytes.
      rollupOptions: { input: ENTRY, output: { assetFileNames: '[name][extname]', chunkFileNames: '[name].js', entryFileNames: '[name].js' } },
    },
  });
  return output;
}

/** The part of the download that a file belongs to. */
function partOf(name) {
  if (/tabmesh_core.*\.wasm$/.test(name)) return 'core';
  if (/tabmesh_meter.*\.wasm$/.test(name)) return 'meter';
  if (/tabmesh_tasks.*\.wasm$/.test(name)) return 'tasks';
  if (/worker.*\.js$/.test(name)) return 'worker';
  if (/words.*\.js$/.test(name)) return 'words';
  if (name.endsWith('.js')) return 'package';
  throw new Error(`${name} belongs to no part that is known here`);
}

function partsOf(output) {
  const parts = {};
  for (const file of output) {
    const part = partOf(file.fileName);
    parts[part] = (parts[part] ?? 0) + brotliCompressSync(file.code ?? file.source).length;
  }
  return parts;
}

const parts = partsOf(await bundled('tabmesh', 'tabmesh/task'));
const withJobs = partsOf(await bundled('tabmesh', 'tabmesh/task', 'tabmesh/job'));
console.log(JSON.stringify({ ...parts, job: withJobs.package - parts.package, tasks: withJobs.tasks }));
