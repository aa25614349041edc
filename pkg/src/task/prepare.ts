// Everything that happens to a module before it runs: metered, compiled, its interface decided.

import { COMMAND, Meter, PURE } from './meter.js';
import { INVALID, refusal } from './refusal.js';
import { type Border, functionType, readBorder } from './sections.js';
import type { TaskExport, TaskImport, TaskProgress, TaskRefusal } from './types.js';

/** A module that was looked at; it runs if there is a `module`. */
export interface Prepared {
  readonly imports: TaskImport[];
  readonly exports: TaskExport[];
  /** Bytes before and after metering. */
  readonly bytes: number;
  readonly meteredBytes: number;
  /** `null`: refused before it could be told. */
  readonly interface: 'pure' | 'command' | null;
  readonly refusal?: TaskRefusal;
  /** Exports that the interface wants and the module has not. */
  readonly lacks: string[];
  /** Metered and compiled; absent if it was refused or lacks something. */
  readonly module?: WebAssembly.Module;
}

const WANTED = {
  command: [
    { name: 'memory', type: 'memory' },
    { name: '_start', type: functionType([], []) },
  ],
  pure: [
    { name: 'memory', type: 'memory' },
    { name: 'alloc', type: functionType(['i32'], ['i32']) },
    { name: 'run', type: functionType(['i32', 'i32'], ['i64']) },
  ],
} as const;

/** A module that was refused. */
export function refused(border: Border, bytes: number, why: TaskRefusal): Prepared {
  return { ...border, bytes, meteredBytes: 0, interface: null, refusal: why, lacks: [] };
}

/**
 * Meters and compiles `bytes`, of which there are at most 4 MiB, for a task with so many pages of memory.
 *
 * @throws Error when this host fails: no memory, or a bug of the meter
 */
export function prepare(
  meter: Meter,
  bytes: Uint8Array,
  pages: number,
  onStage: (stage: Exclude<TaskProgress['stage'], 'running'>) => void,
): Prepared {
  const border = readBorder(bytes);
  onStage('metering');
  const metered = meter.instrument(bytes, pages, COMMAND);
  if (!(metered instanceof Uint8Array)) return refused(border, bytes.length, metered);

  onStage('compiling');
  const module = compile(metered);
  if (!module) return refused(border, bytes.length, refusal(INVALID, 0));

  const isCommand = border.exports.some(({ name, type }) => name === '_start' && type.startsWith('function'));
  if (!isCommand && border.imports.length > 0) {
    const again = meter.instrument(bytes, pages, PURE);
    if (again instanceof Uint8Array) throw new Error('imports of a pure module were not refused');
    return { ...refused(border, bytes.length, again), interface: 'pure' };
  }
  const kind = isCommand ? 'command' : 'pure';
  const has = (name: string, type: string): boolean => border.exports.some((one) => one.name === name && one.type === type);
  const lacks = WANTED[kind].filter(({ name, type }) => !has(name, type)).map(({ name, type }) => `${name}: ${type}`);
  const known = { ...border, bytes: bytes.length, meteredBytes: metered.length, interface: kind, lacks } as const;
  return lacks.length > 0 ? known : { ...known, module };
}

/** The compiled module; `undefined` if it is invalid. */
function compile(bytes: BufferSource): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}
