// What goes wrong with tasks, in words; `task-meter/src/refusal.rs` and `advice.rs` have the same tables (a test compares). Pages download
// them where they are needed, and else never: so nothing is imported here but types.

import type { Refused } from './prepared.js';
import type { TaskImport, TaskRefusal, TaskStatus } from './types.js';

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
  'a function takes more than 401,408 bytes of stack',
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
  'there are more than 99,999 segments of data or of elements',
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
  if (code === 65_535) return 'the engine finds the module invalid';
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

/** What is to be done for each reason, by code. */
export const WAYS: readonly string[] = [
  '',
  'build it for size (-Os, wasm-opt -Oz), and give data as input instead of keeping it in the module',
  'give the .wasm file that the compiler wrote',
  'the file is damaged or was cut off: copy or build it anew',
  'the file is damaged: copy or build it anew',
  'build without exceptions (-fno-exceptions, -C panic=abort) and without what is newer than WebAssembly 2.0',
  'build without SIMD (-mno-simd128, -C target-feature=-simd128) and without garbage collection',
  'build for WASI preview 1 (wasm32-wasip1, -sSTANDALONE_WASM), or for no imports at all',
  'build for one memory of its own, of 32 bits and not shared: without -pthread, -mmemory64 and --import-memory',
  'give the task more pages (--pages, the option pages), or let the linker begin with fewer (--initial-memory)',
  'build without garbage collection and without tables of 64 bits',
  'build without extended constants (-mno-extended-const), and not for dynamic linking (-shared, -fPIC)',
  'build without exceptions (-fno-exceptions, -C panic=abort)',
  'give the export another name',
  'build without garbage collection, and not for dynamic linking (-shared, -fPIC)',
  'write the module anew by a current linker or wasm-opt',
  'the file is damaged: copy or build it anew',
  'the file is damaged: copy or build it anew',
  'build it for size (-Os, wasm-opt -Oz), or split the work among several modules',
  'split the function, or turn nested conditions into a table',
  'split the function, inline less into it (-Os, -fno-inline, #[inline(never)]), or move large locals into memory',
  'split the function, or let it loop',
  'split the function, or inline less into it (-Os, -fno-inline, #[inline(never)])',
  'build it for size (-Os, wasm-opt -Oz)',
  'give the export a shorter name',
  'build it for size (-Os, wasm-opt -Oz)',
  'pass a structure in memory',
  'leave the results in memory',
  'split the switch',
  'export less (wasm-opt --remove-unused-module-elements)',
  'use one table',
  'split the function, or move arrays into memory',
  'split the function, or keep its constants in memory',
  'let the linker join its data (wasm-ld does), or wasm-opt --limit-segments',
];

/** First code, last code, what is to be done about these opcodes; the first that fits counts. */
export const SWITCHES: readonly (readonly [first: number, last: number, way: string])[] = [
  [0x106, 0x10a, 'build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort'],
  [0x112, 0x113, 'build without tail calls: -mno-tail-call'],
  [0x118, 0x119, 'build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort'],
  [0x11f, 0x11f, 'build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort'],
  [0x1fb, 0x1fb, 'use a language that is compiled to linear memory: C, C++, Rust, Zig, TinyGo, AssemblyScript'],
  [0x1fd, 0x1fd, "build without SIMD: -mno-simd128, -C target-feature=-simd128, or take the package's file without simd in its name"],
  [0x1fe, 0x1fe, "build without threads: without -pthread, -C target-feature=-atomics, or take the package's file without threads"],
  [0x213, 0x216, 'build without wide arithmetic: -mno-wide-arithmetic'],
];

/** The module of an import (before a `*` how it begins), how its name begins, what is to be done; the first that fits counts. */
export const IMPORTS: readonly (readonly [module: string, name: string, way: string])[] = [
  ['env', 'abort', 'AssemblyScript: compile with --use abort='],
  ['env', 'seed', 'AssemblyScript: compile with --use seed=FILE/FUNCTION, a function of yours that gives a number, or without Math.random'],
  ['env', 'trace', 'AssemblyScript: compile without trace()'],
  ['env', 'emscripten_notify_memory_growth', 'Emscripten: link with -sALLOW_MEMORY_GROWTH=0 and -sINITIAL_MEMORY, or define this function'],
  ['env', 'emscripten_resize_heap', 'Emscripten: link with -sSTANDALONE_WASM'],
  ['env', 'invoke_', 'Emscripten: compile and link with -fno-exceptions and -sSUPPORT_LONGJMP=0'],
  ['env', 'setTempRet0', 'Emscripten: link with -sSTANDALONE_WASM'],
  ['env', 'memory', 'let the module have its own memory: without --import-memory, --importMemory, -sIMPORTED_MEMORY'],
  ['env', '__linear_memory', 'this is an object file: link it (wasm-ld)'],
  ['env', '__indirect_function_table', 'let the module have its own table: without --import-table, --importTable, and not for dynamic linking'],
  ['env', '', 'define this function, or build for WASI preview 1 (Emscripten: -sSTANDALONE_WASM, wasi-sdk, wasm32-wasip1)'],
  ['a', '', 'Emscripten: link with -sSTANDALONE_WASM'],
  ['wbg', '', 'wasm-bindgen ties a module to a page: export functions by extern "C" alone, or build for wasm32-wasip1'],
  ['__wbindgen*', '', 'wasm-bindgen ties a module to a page: export functions by extern "C" alone, or build for wasm32-wasip1'],
  ['./*', '', 'wasm-bindgen ties a module to a page: export functions by extern "C" alone, or build for wasm32-wasip1'],
  ['go*', '', 'Go: build with GOOS=wasip1 GOARCH=wasm, or by TinyGo with -target=wasip1'],
  ['wasi_unstable', '', 'build by a newer compiler, for WASI preview 1'],
  ['wasi_snapshot_preview1', '', 'this function has another type in WASI preview 1: build by a newer compiler'],
  ['wasi:*', '', 'build for WASI preview 1 (wasm32-wasip1), not for components'],
  ['wasi*', '', 'build for WASI preview 1 (wasm32-wasip1) and without threads'],
];

/** How bytes begin that are no module, what they are, what is to be done. Upper and lower case are the same. */
export const OTHERS: readonly (readonly [start: string, what: string, way: string])[] = [
  ['', 'there are no bytes at all', 'give the .wasm file that the compiler wrote'],
  ['\x00asm\x0d\x00\x01\x00', 'this is a component, not a module', 'build for WASI preview 1 (wasm32-wasip1), or take the module out of it (wasm-tools component unbundle)'],
  ['\x00asm\x0a\x00\x01\x00', 'this is a component, not a module', 'build for WASI preview 1 (wasm32-wasip1)'],
  ['\x00asm', 'this is WebAssembly of another version than 1', 'build it by a current compiler'],
  ['(module', 'this is the text of a module, not its bytes', 'translate it: wat2wasm, wasm-tools parse'],
  ['(component', 'this is the text of a component', 'build for WASI preview 1 (wasm32-wasip1)'],
  [';;', 'this is the text of a module, not its bytes', 'translate it: wat2wasm, wasm-tools parse'],
  ['\x1f\x8b', 'this is compressed by gzip', 'unpack it: gunzip; of fetch, let the server say content-encoding: gzip'],
  ['<!doctype html', "this is an HTML page, perhaps a server's page for what it has not got", 'look at the address'],
  ['<html', "this is an HTML page, perhaps a server's page for what it has not got", 'look at the address'],
  ['PK\x03\x04', 'this is a ZIP archive', 'unpack it'],
];

/** What is to be done about a refusal, without knowing the module. */
export const wayOutOf = (code: number): string => WAYS[code] ?? SWITCHES.find(([first, last]) => first <= code && code <= last)?.[2] ?? '';

/** What is to be done about an import that no interface has. */
export function wayOutOfImport({ module, name }: TaskImport): string {
  const isOf = (of: string): boolean => (of.endsWith('*') ? module.startsWith(of.slice(0, -1)) : module === of);
  return IMPORTS.find(([of, start]) => isOf(of) && name.startsWith(start))?.[2] ?? wayOutOf(7);
}

/** What bytes are that do not begin as a module does, and what is to be done; `undefined` where that is not known. */
export function insteadOfModule(bytes: Uint8Array): { readonly feature: string; readonly wayOut: string } | undefined {
  const head = Array.from(bytes.subarray(0, 256), (byte) => String.fromCharCode(byte)).join('').toLowerCase();
  const text = head.replace(/^\xef\xbb\xbf/, '').replace(/^[ \t\n\f\r]+/, '');
  const is = (start: string): boolean => (start === '' ? bytes.length === 0 : (/^[(;<]/.test(start) ? text : head).startsWith(start.toLowerCase()));
  const found = OTHERS.find(([start]) => is(start));
  return found && { feature: found[1], wayOut: found[2] };
}

/** What is known of a task that ended otherwise than well. */
export interface Ended {
  readonly status: TaskStatus;
  /** Of its stack, in KiB, and of the largest. */
  readonly stack: number;
  readonly stackMax: number;
  /** How often it asked for the time. */
  readonly clockReads: number;
}

/** Bytes that the smallest call takes, as metering counts them. */
const CALL_BYTES = 48;

/** What to do about an end that says little by itself. */
export function hintOf({ status, stack, stackMax, clockReads }: Ended): string {
  if (status !== 'STACK') return `the module asked for the time ${clockReads} times: a task's clock stands still, so it must not wait for time to pass`;
  const calls = Math.floor((stack * 1_024) / CALL_BYTES).toLocaleString('en');
  const more = stack < stackMax ? `give the task more by the option stack, at most ${stackMax}; ` : '';
  return `the module's calls go deeper than ${stack} KiB of stack, which hold ${calls} of the smallest functions and fewer of larger ones; ${more}turn its recursion into a loop, or split what calls itself into smaller functions`;
}
