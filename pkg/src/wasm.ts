// The Wasm modules that lie with the package.

import { MeshError } from './errors.js';

/** Does once what loads something for the whole page; a failure, a MeshError of this code, is tried again by the next. */
export function once<T>(load: () => Promise<T>, code: number): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return async () => {
    loading ??= load();
    try {
      return await loading;
    } catch (cause) {
      loading = undefined;
      throw new MeshError(code, undefined, { cause });
    }
  };
}

/** Compiles a module. */
export async function compiled(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answers ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
