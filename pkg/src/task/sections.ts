// Imports and exports with their types, off a module's bytes: engines tell names and kinds, not the types of functions.

import type { TaskExport, TaskImport } from './types.js';

const KINDS = ['function', 'table', 'memory', 'global'];
const TYPES: Readonly<Record<number, string>> = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64', 0x70: 'funcref', 0x6f: 'externref' };

/** The byte order mark is part of a name: without `ignoreBOM` two names would look the same. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** How the type of a function is written down. */
export const functionType = (parameters: readonly string[], results: readonly string[]): string =>
  ['function', ...parameters, '→', ...results].join(' ');

export interface Border {
  readonly imports: TaskImport[];
  readonly exports: TaskExport[];
}

/** What `module` imports and exports, in its order. Of bytes that are no sound module, as much as could be read. */
export function readBorder(module: Uint8Array): Border {
  const { imports, exports } = read(module, -1);
  return { imports, exports };
}

/** What stands at a byte, in words, and the import that it is. */
export interface Place {
  readonly where: string;
  readonly import?: TaskImport;
}

/** The import with its type, or the function with its name, at a byte of a module; `undefined` where it is neither. */
export const placeOf = (module: Uint8Array, offset: number): Place | undefined => read(module, offset).place();

function read(module: Uint8Array, offset: number): Reader {
  const reader = new Reader(module, offset);
  try {
    reader.sections();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return reader;
}

class Unreadable extends Error {}

class Reader {
  readonly imports: TaskImport[] = [];
  readonly exports: TaskExport[] = [];
  readonly #bytes: Uint8Array;
  readonly #offset: number;
  #at = 8;
  /** What stands at the offset, and what functions are called. */
  #import: TaskImport | undefined;
  #function: number | undefined;
  #imported = 0;
  readonly #names = new Map<number, string>();
  /** Function types as they are written down. */
  readonly #types: string[] = [];
  /** The type of each function, imported ones first. */
  readonly #functions: string[] = [];

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  place(): Place | undefined {
    const found = this.#import;
    if (found) return { where: `import ${found.module}.${found.name}: ${found.type}`, import: found };
    if (this.#function === undefined) return undefined;
    const name = this.#names.get(this.#function);
    return { where: `function ${this.#function}${name === undefined ? '' : `, ${name}`}` };
  }

  /** Whether the offset lies between a place and where reading stands. */
  #isSince(start: number): boolean {
    return start <= this.#offset && this.#offset < this.#at;
  }

  sections(): void {
    while (this.#at < this.#bytes.length) {
      const id = this.#byte();
      const length = this.#number();
      const end = this.#at + length;
      if (id === 1) this.#each(() => this.#types.push(this.#type()));
      else if (id === 2) this.#each(() => this.#readImport());
      else if (id === 3) this.#each(() => this.#functions.push(this.#typeAt(this.#number())));
      else if (id === 7) this.#each(() => this.#export());
      else if (id === 10) this.#each((number) => this.#body(number));
      else if (id === 0 && this.#offset >= 0) this.#named(end);
      this.#at = end;
    }
  }

  #body(number: number): void {
    const start = this.#at;
    const length = this.#number();
    this.#at += length;
    if (this.#isSince(start)) this.#function = this.#imported + number;
  }

  /** The names of functions, in the custom section `name`, which go before those of exports. */
  #named(end: number): void {
    if (this.#name() !== 'name') return;
    while (this.#at < end) {
      const id = this.#byte();
      const length = this.#number();
      const next = this.#at + length;
      if (id === 1) this.#each(() => this.#names.set(this.#number(), this.#name()));
      this.#at = next;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Unreadable();
    this.#at += 1;
    return byte;
  }

  #number(): number {
    let number = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      number += (byte & 127) * 2 ** shift;
      if (byte < 128) return number;
    }
    throw new Unreadable();
  }

  #each(read: (number: number) => void): void {
    const count = this.#number();
    for (let done = 0; done < count; done += 1) read(done);
  }

  #list<T>(read: () => T): T[] {
    const items: T[] = [];
    this.#each(() => items.push(read()));
    return items;
  }

  #name(): string {
    const length = this.#number();
    if (this.#at + length > this.#bytes.length) throw new Unreadable();
    const name = decoder.decode(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return name;
  }

  #value(): string {
    return TYPES[this.#byte()] ?? 'other';
  }

  #type(): string {
    if (this.#byte() !== 0x60) throw new Unreadable();
    const parameters = this.#list(() => this.#value());
    return functionType(parameters, this.#list(() => this.#value()));
  }

  #typeAt(index: number): string {
    return this.#types[index] ?? 'function';
  }

  #readImport(): void {
    const start = this.#at;
    const [module, name, kind] = [this.#name(), this.#name(), this.#byte()];
    let type = KINDS[kind];
    if (type === undefined) throw new Unreadable();
    if (kind === 0) {
      type = this.#typeAt(this.#number());
      this.#functions.push(type);
      this.#imported += 1;
    } else if (kind === 3) {
      this.#at += 2;
    } else {
      if (kind === 1) this.#byte();
      const flags = this.#byte();
      this.#number();
      if (flags & 1) this.#number();
    }
    this.imports.push({ module, name, type });
    if (this.#isSince(start)) this.#import = { module, name, type };
  }

  #export(): void {
    const [name, kind, index] = [this.#name(), this.#byte(), this.#number()];
    const type = kind === 0 ? (this.#functions[index] ?? 'function') : (KINDS[kind] ?? 'other');
    this.exports.push({ name, type });
    if (kind === 0) this.#names.set(index, name);
  }
}
