// The files of the npm packages, modules and texts for inputs, and what is built of them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = new URL('node_modules/', import.meta.url);

/** Where the tasks are built. */
export const BUILT = fileURLToPath(new URL('built/', import.meta.url));

/** A built file. */
export const built = (name) => join(BUILT, name);

/** A file of a package. */
export const file = (path) => readFileSync(fileURLToPath(new URL(path, PACKAGES)));

/** The text of a file of a package. */
export const text = (path) => file(path).toString('utf8');

/** How a module begins, in base64. */
const EMBEDDED = /AGFzbQ[A-Za-z0-9+/]+=*/;

/** What a script gives to the engine when it starts. */
async function made(script) {
  const { instantiate } = WebAssembly;
  try {
    const given = new Promise((resolve) => {
      WebAssembly.instantiate = (wasm) => {
        resolve(Buffer.from(wasm));
        return new Promise(() => {});
      };
    });
    await import(script);
    return await given;
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/** The Wasm module of a line of the list: a file of its own, or one in base64 in a script, or one that a script makes; or a file of the user's own. */
export async function bytes({ package: name, file: path, isMadeByScript, given }) {
  if (given) return readFileSync(given);
  if (isMadeByScript) return made(new URL(`${name}/${path}`, PACKAGES));
  if (path.endsWith('.wasm')) return file(`${name}/${path}`);
  const [found] = text(`${name}/${path}`).match(EMBEDDED) ?? [];
  if (!found) throw new Error(`no module in ${name}/${path}`);
  return Buffer.from(found, 'base64');
}

/** The version of an installed package. */
export const version = (name) => JSON.parse(text(`${name}/package.json`)).version;
