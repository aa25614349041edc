// Why modules are refused, in words; `task-meter/src/refusal.rs` has the same tables (a test compares). They are loaded where a module is
// refused, and nowhere else.

import { insteadOfModule, wayOutOf, wayOutOfImport } from './advice.js';
import { INVALID, type Refused } from './prepared.js';
import type { TaskRefusal } from './types.js';

/** By code. */
export const REASONS: readonly string[] = [
  '',
  'the module has more than 16 MiB without its custom sections, or 64 MiB with them',
  'these bytes are no Wasm module of version 1',
  'something ends too early or goes on behind its end',
  'a number is written too long or is too large',
  'a section is unknown or out of order',
  'a type uses something other than i32, i64, f32, f64, funcref and externref',
  "an import is not one of the interface's, or has another type",
  'a memory is missing, shared, of 64 bits, or not the only one',
  "the memory starts larger than the task's limit",
  'a table holds something other than funcref and externref, or has a size of 64 bits',
  'an initial value is not a constant',
  'an export is no function, memory, table or global',
  'an exported name starts with ~',
  'a segment of elements has an unknown form or type',
  'a segment of data names its memory',
  'an index names something that does not exist',
  'blocks do not match',
  'there are more than 131,071 functions, globals, exports, or entries of a segment or a table',
  'blocks are nested deeper than 4,096',
  'a function takes more than 331,776 bytes of stack',
  'a function has more than 131,072 instructions that result in floats',
  'a metered function has more than 4 MiB',
  'the metered module is too large',
  'a name has more than 1,024 bytes',
  'there are more than 4,096 function types',
  'a function type has more than 127 parameters',
  'a function type has more than 32 results',
  'a br_table has more than 32,768 labels',
  'imported and exported functions have more than 900,000 parameters and results',
  'there are more than 8 tables',
  'a function has more than 12,794 parameters and locals',
  'a function has more than 28,672 constants and branches',
  'there are more than 65,535 segments of data or of elements',
];

/** First code, last code, the feature of WebAssembly that has these opcodes; the first that fits counts. */
export const FEATURES: readonly (readonly [first: number, last: number, name: string])[] = [
  [0x106, 0x10a, 'exceptions'],
  [0x112, 0x113, 'tail calls'],
  [0x114, 0x115, 'typed function references'],
  [0x118, 0x119, 'exceptions'],
  [0x11f, 0x11f, 'exceptions'],
  [0x1d3, 0x1d6, 'typed function references'],
  [0x1fb, 0x1fb, 'garbage collection'],
  [0x1fd, 0x1fd, 'SIMD'],
  [0x1fe, 0x1fe, 'threads'],
  [0x213, 0x216, 'wide arithmetic'],
];

const featureOf = (code: number): string => {
  if (code === INVALID) return 'the engine finds the module invalid';
  const feature = FEATURES.find(([first, last]) => first <= code && code <= last);
  return REASONS[code] ?? feature?.[2] ?? 'an opcode that the profile does not know';
};

/** The limits of which a refusal says how many were found. */
export const COUNTED: ReadonlySet<number> = new Set([1, 9, 18, 20, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33]);

/** A refusal with its words: what is wrong, where, and the way out. */
export function worded({ code, offset, found, place, head }: Refused): TaskRefusal {
  return {
    code,
    offset,
    feature: featureOf(code),
    wayOut: place?.import ? wayOutOfImport(place.import) : wayOutOf(code),
    ...(head && insteadOfModule(head)),
    ...(place && { where: place.where }),
    ...(COUNTED.has(code) && { found }),
  };
}
