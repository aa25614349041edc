// Why modules are refused, in words; `task-meter/src/refusal.rs` has the same tables (a test compares).

import type { TaskRefusal } from './types.js';

/** What the engine found invalid in a module that the profile accepts. */
export const INVALID = 65_535;

const TOO_LARGE_WORDS = 'the module has more than 4 MiB';

/** Found before there is a Worker, whose words are many: these stand alone. */
export const TOO_LARGE: TaskRefusal = { code: 1, offset: 0, feature: TOO_LARGE_WORDS };

/** By code. */
export const REASONS: readonly string[] = [
  '',
  TOO_LARGE_WORDS,
  'these bytes are no Wasm module of version 1',
  'something ends too early or goes on behind its end',
  'a number is written too long or is too large',
  'a section is unknown or out of order',
  'a type uses something other than i32, i64, f32 and f64',
  "an import is not one of the interface's, or has another type",
  'a memory is missing, shared, of 64 bits, or not the only one',
  "the memory starts larger than the task's limit",
  'a table holds something other than functions or is not the only one',
  'an initial value is not a constant',
  'an export is no function, memory, table or global',
  'an exported name starts with ~',
  'a segment of elements is not an active list of functions',
  'a segment of data names its memory',
  'an index names something that does not exist',
  'blocks do not match',
  'there is more of something than the profile allows',
  'blocks are nested deeper than 2,048',
  'a function has more than 8,176 locals and operands, or 112 KiB of stack',
  'a function has more than 131,072 instructions that result in floats',
  'a metered function has more than 4 MiB',
  'the metered module is too large',
  'a name has more than 1,024 bytes',
];

/** First code, last code, the feature of WebAssembly that has these opcodes; the first that fits counts. */
export const FEATURES: readonly (readonly [first: number, last: number, name: string])[] = [
  [0x106, 0x10a, 'exceptions'],
  [0x112, 0x113, 'tail calls'],
  [0x114, 0x115, 'typed function references'],
  [0x118, 0x119, 'exceptions'],
  [0x11f, 0x11f, 'exceptions'],
  [0x125, 0x126, 'reference types (table.get, table.set)'],
  [0x1d0, 0x1d2, 'reference types (ref.null, ref.is_null, ref.func)'],
  [0x1d3, 0x1d6, 'typed function references'],
  [0x1fb, 0x1fb, 'garbage collection'],
  [0x1fd, 0x1fd, 'SIMD'],
  [0x1fe, 0x1fe, 'threads'],
  [0x20c, 0x20e, 'table operations (table.init, elem.drop, table.copy)'],
  [0x20f, 0x20f, 'table.grow'],
  [0x210, 0x211, 'table operations (table.size, table.fill)'],
  [0x213, 0x216, 'wide arithmetic'],
];

const featureOf = (code: number): string => {
  if (code === INVALID) return 'the engine finds the module invalid';
  const feature = FEATURES.find(([first, last]) => first <= code && code <= last);
  return REASONS[code] ?? feature?.[2] ?? 'an opcode that the profile does not know';
};

/** A refusal with its words. */
export const refusal = (code: number, offset: number): TaskRefusal => ({ code, offset, feature: featureOf(code) });
