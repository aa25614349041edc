// T1: the deterministic part of WASI preview 1, as `docs/TASKS.md` has it. Everything costs gas before it is done.

import { Ended, type Guest } from './guest.js';
import { LOG_BYTES_MAX, OUTPUT_BYTES_MAX } from './limits.js';
import { RandomStream } from './random.js';
import { Sink, copyBytes } from './sink.js';

/** What functions answer; WASI's `errno`. */
const DONE = 0;
const BAD_FILE = 8;
const FAULT = 21;
const INVALID = 28;
const NO_SPACE = 51;
const NOT_THERE = 52;
const NO_SEEKING = 70;

/** Files: what is read, what is written. */
const INPUT = 0;
const OUTPUT = 1;
const LOG = 2;

const CALL_GAS = 1_000;
const PIECE_GAS = 100;
const RANDOM_BYTE_GAS = 100;

/** One gas moves so many bytes. */
const BYTES_A_GAS = 8;

const PIECE_BYTES = 8;
const CLOCKS = 4;
const RIGHTS = { read: 2n, write: 64n };

/** The only argument, with the zero byte behind it. */
const ARGUMENT = new TextEncoder().encode('task\0');

/** A number that Wasm gave, as it is meant: unsigned. */
const unsigned = (number: number): number => number >>> 0;

export class Command {
  readonly output = new Sink(OUTPUT_BYTES_MAX);
  readonly log = new Sink(LOG_BYTES_MAX);
  readonly #input: Uint8Array;
  readonly #time: bigint;
  readonly #random: RandomStream;
  #read = 0;
  /** The piece that was found last; an object for each would cost more than what is done with it. */
  #place = 0;
  #length = 0;
  #guest: Guest | undefined;

  /** @param seed 32 bytes; @param time nanoseconds since 1970, unsigned */
  constructor(input: Uint8Array, seed: Uint8Array, time: bigint) {
    this.#input = input;
    this.#time = time;
    this.#random = new RandomStream(seed);
  }

  /** Names the instance whose memory and gas are meant; it imports nothing that runs before. */
  attach(guest: Guest): void {
    this.#guest = guest;
  }

  /** What the module imports, of all of preview 1: what the meter let in. What is not there answers so. */
  importsOf(module: WebAssembly.Module): Record<string, (...values: never[]) => number | void> {
    const named = WebAssembly.Module.imports(module).map(({ name }) => {
      const isOfFile = /^(fd|path|sock)_/.test(name);
      const missing = (file: number): number => this.#call() ?? (isOfFile ? this.#isNoFile(file) : undefined) ?? NOT_THERE;
      return [name, this.imports[name as keyof Command['imports']] ?? missing] as const;
    });
    return Object.fromEntries(named);
  }

  /** How often the time was asked for. */
  clockReads = 0;

  /** What is there. */
  readonly imports = {
    args_sizes_get: (count: number, bytes: number): number => this.#call() ?? this.#put32(count, 1) ?? this.#put32(bytes, ARGUMENT.length) ?? DONE,
    args_get: (list: number, text: number): number => this.#call() ?? this.#put32(list, text) ?? this.#put(text, ARGUMENT) ?? DONE,
    environ_sizes_get: (count: number, bytes: number): number => this.#call() ?? this.#put32(count, 0) ?? this.#put32(bytes, 0) ?? DONE,
    environ_get: (): number => this.#call() ?? DONE,
    clock_time_get: (clock: number, _precision: bigint, to: number): number => this.#call() ?? this.#tellTime(unsigned(clock), to),
    random_get: (to: number, length: number): number => this.#getRandom(to, unsigned(length)),
    fd_read: (file: number, list: number, count: number, read: number): number => this.#readPieces(file, list, unsigned(count), read),
    fd_write: (file: number, list: number, count: number, written: number): number => this.#writePieces(file, list, unsigned(count), written),
    fd_fdstat_get: (file: number, to: number): number => this.#call() ?? this.#isNoFile(file) ?? this.#describe(file, to),
    fd_seek: (file: number): number => this.#call() ?? this.#isNoFile(file) ?? NO_SEEKING,
    fd_close: (file: number): number => this.#call() ?? this.#isNoFile(file) ?? DONE,
    fd_prestat_get: (): number => this.#call() ?? BAD_FILE,
    fd_prestat_dir_name: (): number => this.#call() ?? BAD_FILE,
    proc_exit: (code: number): void => {
      this.#call();
      throw new Ended(unsigned(code));
    },
  };

  #tellTime(clock: number, to: number): number {
    if (clock >= CLOCKS) return INVALID;
    this.clockReads += 1;
    return this.#put64(to, this.#time) ?? DONE;
  }

  get #instance(): Guest {
    if (!this.#guest) throw new Error('the instance calls before it is made');
    return this.#guest;
  }

  /** Charges a call, and `gas` more. Like what follows it answers `undefined` where all is well, so that steps are written in a row. */
  #call(gas = 0): undefined {
    this.#instance.look().charge(CALL_GAS + gas);
  }

  #isNoFile(file: number): number | undefined {
    return file === INPUT || file === OUTPUT || file === LOG ? undefined : BAD_FILE;
  }

  #put(to: number, bytes: Uint8Array): number | undefined {
    const room = this.#instance.bytes(unsigned(to), bytes.length);
    if (!room) return FAULT;
    room.set(bytes);
    return undefined;
  }

  #put32(to: number, number: number): number | undefined {
    if (!this.#instance.has(unsigned(to), 4)) return FAULT;
    this.#instance.view.setUint32(unsigned(to), number, true);
    return undefined;
  }

  #put64(to: number, number: bigint): number | undefined {
    if (!this.#instance.has(unsigned(to), 8)) return FAULT;
    this.#instance.view.setBigUint64(unsigned(to), number, true);
    return undefined;
  }

  #getRandom(to: number, length: number): number {
    this.#call(RANDOM_BYTE_GAS * length);
    const room = this.#instance.bytes(unsigned(to), length);
    if (!room) return FAULT;
    this.#random.fill(room);
    return DONE;
  }

  #describe(file: number, to: number): number {
    const room = this.#instance.bytes(unsigned(to), 24);
    if (!room) return FAULT;
    room.fill(0);
    return this.#put64(to + 8, file === INPUT ? RIGHTS.read : RIGHTS.write) ?? DONE;
  }

  /** Finds a piece, of which at most `most` bytes are moved; `false` if these, or its entry in the list, are outside. */
  #findPiece(list: number, number: number, most: number): boolean {
    const guest = this.#instance;
    const at = unsigned(list) + PIECE_BYTES * number;
    if (!guest.has(at, PIECE_BYTES)) return false;
    this.#place = guest.view.getUint32(at, true);
    this.#length = Math.min(guest.view.getUint32(at + 4, true), most);
    return guest.has(this.#place, this.#length);
  }

  #readPieces(file: number, list: number, count: number, read: number): number {
    this.#call(PIECE_GAS * count);
    if (file !== INPUT) return BAD_FILE;
    let total = 0;
    for (let number = 0; number < count && this.#read < this.#input.length; number += 1) {
      if (!this.#findPiece(list, number, this.#input.length - this.#read)) return FAULT;
      this.#instance.charge(Math.floor(this.#length / BYTES_A_GAS));
      copyBytes(this.#input, this.#read, this.#instance.memory, this.#place, this.#length);
      this.#read += this.#length;
      total += this.#length;
    }
    return this.#put32(read, total) ?? DONE;
  }

  #writePieces(file: number, list: number, count: number, written: number): number {
    this.#call(PIECE_GAS * count);
    if (file !== OUTPUT && file !== LOG) return BAD_FILE;
    const sink = file === OUTPUT ? this.output : this.log;
    let total = 0;
    for (let number = 0; number < count; number += 1) {
      if (!this.#findPiece(list, number, Infinity)) return FAULT;
      if (file === OUTPUT && this.#length > sink.room) return NO_SPACE;
      this.#instance.charge(Math.floor(this.#length / BYTES_A_GAS));
      sink.push(this.#instance.memory, this.#place, this.#length);
      total += this.#length;
    }
    return this.#put32(written, total) ?? DONE;
  }
}
