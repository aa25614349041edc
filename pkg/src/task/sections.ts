// Imports and exports with their types, off a module's bytes: engines tell names and kinds, not the types of functions.

import type { TaskExport, TaskImport } from './types.js';

const KINDS = ['function', 'table', 'memory', 'global'];
const TYPES: Readonly<Record<number, string>> = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' };

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
  const reader = new Reader(module);
  try {
    reader.sections();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return { imports: reader.imports, exports: reader.exports };
}

class Unreadable extends Error {}

class Reader {
  readonly imports: TaskImport[] = [];
  readonly exports: TaskExport[] = [];
  readonly #bytes: Uint8Array;
  #at = 8;
  /** Function types as they are written down. */
  readonly #types: string[] = [];
  /** The type of each function, imported ones first. */
  readonly #functions: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  sections(): void {
    while (this.#at < this.#bytes.length) {
      const id = this.#byte();
      const length = this.#number();
      const end = this.#at + length;
      if (id === 1) this.#each(() => this.#types.push(this.#type()));
      else if (id === 2) this.#each(() => this.#import());
      else if (id === 3) this.#each(() => this.#functions.push(this.#typeAt(this.#number())));
      else if (id === 7) this.#each(() => this.#export());
      this.#at = end;
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

  #each(read: () => void): void {
    const count = this.#number();
    for (let done = 0; done < count; done += 1) read();
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

  #import(): void {
    const [module, name, kind] = [this.#name(), this.#name(), this.#byte()];
    let type = KINDS[kind];
    if (type === undefined) throw new Unreadable();
    if (kind === 0) {
      type = this.#typeAt(this.#number());
      this.#functions.push(type);
    } else if (kind === 3) {
      this.#at += 2;
    } else {
      if (kind === 1) this.#byte();
      const flags = this.#byte();
      this.#number();
      if (flags & 1) this.#number();
    }
    this.imports.push({ module, name, type });
  }

  #export(): void {
    const [name, kind, index] = [this.#name(), this.#byte(), this.#number()];
    const type = kind === 0 ? (this.#functions[index] ?? 'function') : (KINDS[kind] ?? 'other');
    this.exports.push({ name, type });
  }
}
