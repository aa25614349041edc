// Node's own modules, asked for at run time, so that bundlers for browsers find no import of them.

export interface NodePort {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: string, listener: (value: unknown) => void): void;
}

interface NodeThreads {
  readonly parentPort: NodePort | null;
  readonly Worker: new (url: URL, options: object) => NodePort & { terminate(): Promise<number> };
}

interface NodeModules {
  'node:worker_threads': NodeThreads;
  'node:os': { availableParallelism(): number };
  'node:fs/promises': { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
}

type Scope = typeof globalThis & { process?: { versions?: { node?: string }; type?: string; getBuiltinModule?: <N extends keyof NodeModules>(name: N) => NodeModules[N] | undefined } };

/** A module of Node's own; `undefined` elsewhere. */
export const builtIn = <N extends keyof NodeModules>(name: N): NodeModules[N] | undefined =>
  (globalThis as Scope).process?.getBuiltinModule?.(name);

/**
 * Whether Workers are those of the web. In Node they are its own, whatever a test's imitation of a browser has made global; what has a
 * window's renderer beside Node's modules is a browser at heart.
 */
export const isWeb = !(globalThis as Scope).process?.versions?.node || 'renderer' === (globalThis as Scope).process?.type;
