// Drives the Wasm core: one input in, outputs out, and the time of the next time-out.

import init, { type InitOutput, free, input as handIn, show, start } from '../wasm/tabmesh_core.js';

import { type Bytes, NO_BYTES, concat } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import * as INPUT from './kinds/input.js';
import { type Receiver, receive, release } from './output.js';

/** The longest wait of the engine's timer; a time-out that comes early does no harm. */
const WAIT_MAX_MS = 60_000;

export interface EngineConfig {
  /** The public key: 64 bytes. */
  readonly key: Bytes;
  /** The first 8 bytes of SHA-256 of the network's name. */
  readonly network: Bytes;
  readonly level: number;
  /** How many WebSocket addresses of peers are known. */
  readonly addresses: number;
  readonly signalling: boolean;
  /** Whether this node carries circuits. */
  readonly relay: boolean;
}

export interface EngineHearer {
  onOutput: Receiver;
  /** All outputs of one input are out. */
  onDrained(): void;
  /** The core stopped by a bug; it does nothing any more. */
  onStopped(error: unknown): void;
  /** The timer came this late: the machine slept, or the browser held the page. */
  onLate(ms: number): void;
}

let wasm: Promise<InitOutput> | undefined;

/** Loads the module once for all meshes of the page; a failure is tried again by the next. */
async function load(): Promise<InitOutput> {
  wasm ??= init();
  try {
    return await wasm;
  } catch (cause) {
    wasm = undefined;
    throw new MeshError(CODE.noWasm, undefined, { cause });
  }
}

interface Input {
  readonly kind: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

export class Engine {
  /** Where the node lies in the module's memory. */
  readonly #core: number;
  readonly #number: number;
  readonly #memory: WebAssembly.Memory;
  readonly #hearer: EngineHearer;
  /** Inputs that came while another one was taken in: what an output set off at once. */
  readonly #inputs: Input[] = [];
  #isBusy = false;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer comes, in milliseconds of the page's clock. */
  #timerAt = Infinity;

  static async start(config: EngineConfig, hearer: EngineHearer): Promise<Engine> {
    return new Engine(await load(), config, hearer);
  }

  private constructor({ memory }: InitOutput, config: EngineConfig, hearer: EngineHearer) {
    const { key, network, level, addresses, signalling, relay } = config;
    const tail = Uint8Array.of(level, addresses >> 8, addresses & 255, (signalling ? 1 : 0) | (relay ? 2 : 0));
    const seed = crypto.getRandomValues(new Uint8Array(32));
    this.#memory = memory;
    this.#hearer = hearer;
    this.#number = receive((...output) => hearer.onOutput(...output));
    const core = start(this.#number, concat(key, seed, network, tail));
    if (!core) throw new MeshError(CODE.coreStopped, 'the configuration is too short');
    this.#core = core;
  }

  /** Bytes of Wasm memory, of all meshes of the page together. */
  get memory(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Hands in what happened; its outputs come before this returns. From within one of them it only takes a note: `bytes` must
   * have memory of their own.
   */
  input(kind: number, number = 0, bytes: Uint8Array = NO_BYTES): void {
    if (this.#isOver) return;
    this.#inputs.push({ kind, number, bytes });
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      let next = -1;
      for (let input = this.#inputs.shift(); input; input = this.#inputs.shift()) {
        next = handIn(this.#core, performance.now() * 1000, input.kind, input.number, input.bytes);
        this.#hearer.onDrained();
      }
      // Closed from within an output: nobody is in the core any more.
      if (this.#isOver) free();
      else if (next >= 0) this.#arm(next / 1000);
    } catch (error) {
      this.#stop();
      this.#hearer.onStopped(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Lets the core tell its links and its neighbourhood, as two outputs. */
  show(): void {
    if (!this.#isOver && !this.#isBusy) show(this.#core);
  }

  /** Frees the node. */
  close(): void {
    if (this.#isOver) return;
    this.#stop();
    if (!this.#isBusy) free();
  }

  #stop(): void {
    this.#isOver = true;
    this.#inputs.length = 0;
    clearTimeout(this.#timer);
    release(this.#number);
  }

  #arm(atMs: number): void {
    // A timer that comes before `atMs` stays: setting one for every message would cost more than it saves.
    if (this.#isOver || this.#timerAt <= atMs) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    this.#timerAt = Math.min(atMs, now + WAIT_MAX_MS);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(this.#timerAt - now)));
  }

  #onTimer(): void {
    const late = performance.now() - this.#timerAt;
    this.#timerAt = Infinity;
    this.#hearer.onLate(late);
    this.input(INPUT.timeout);
  }
}
