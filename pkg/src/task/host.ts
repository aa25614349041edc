// What the owner of tasks needs of a browser or of Node: Workers, cores, the meter's file.

import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { STACK_MIB } from './limits.js';
import { builtIn, isWeb } from './node.js';

/** What a Worker's owner hears. */
export interface WorkerHearer {
  onMessage(message: unknown): void;
  /** The Worker is of no use any more; it may be gone. */
  onFailed(detail: string): void;
}

/** A running Worker. */
export interface TaskWorker {
  post(message: unknown, transfer: Transferable[]): void;
  /** Ends it, whatever it does; resolves once it is gone, as far as that can be known. */
  end(): Promise<void>;
}

/** @throws MeshError NoWorker */
export function startWorker(hearer: WorkerHearer): TaskWorker {
  try {
    return isWeb ? startWebWorker(hearer) : startThread(hearer);
  } catch (cause) {
    throw new MeshError(CODE.noWorker, String(cause), { cause });
  }
}

function startWebWorker({ onMessage, onFailed }: WorkerHearer): TaskWorker {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => onMessage(data));
  worker.addEventListener('messageerror', () => onFailed('a message could not be read'));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    onFailed(event.message ?? '');
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    end: async () => worker.terminate(),
  };
}

/** Not written in place, where bundlers for browsers would take it for a file to copy. */
const THREAD = './worker.js';

function startThread({ onMessage, onFailed }: WorkerHearer): TaskWorker {
  const threads = builtIn('node:worker_threads');
  if (!threads) throw new Error('this platform has no Workers');
  // Without the process's own flags: some would keep the thread from starting (`--input-type`), none is of use to it.
  const options = { execArgv: [], resourceLimits: { stackSizeMb: STACK_MIB } };
  const thread = new threads.Worker(new URL(THREAD, import.meta.url), options);
  thread.on('message', onMessage);
  thread.on('messageerror', () => onFailed('a message could not be read'));
  thread.on('error', (error) => onFailed(String(error)));
  thread.on('exit', () => onFailed('the thread ended'));
  return {
    post: (message, transfer) => thread.postMessage(message, transfer),
    end: async () => void (await thread.terminate()),
  };
}

/** How many Workers run at once: one core is left to the page. */
export function workersAtOnce(): number {
  // An old Node has neither: importing the package must not fail there.
  const cores = builtIn('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, cores - 1);
}

let meter: Promise<WebAssembly.Module> | undefined;

/** The meter's Wasm, compiled once; a failure is tried again by the next. @throws MeshError NoMeter */
export async function loadMeter(): Promise<WebAssembly.Module> {
  meter ??= compileMeter();
  try {
    return await meter;
  } catch (cause) {
    meter = undefined;
    throw new MeshError(CODE.noMeter, undefined, { cause });
  }
}

async function compileMeter(): Promise<WebAssembly.Module> {
  const url = new URL('../../wasm/tabmesh_meter.wasm', import.meta.url);
  const files = url.protocol === 'file:' ? builtIn('node:fs/promises') : undefined;
  if (files) return WebAssembly.compile(await files.readFile(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answers ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
