// Everything that happens to a module before it runs: metered, compiled, its interface decided.

import { COMMAND, Meter, PURE } from './meter.js';
import { INVALID, NO_MODULE, type Prepared, type Refused, refused } from './prepared.js';
import { functionType, placeOf, readBorder } from './sections.js';
import type { TaskExport, TaskProgress } from './types.js';

const MEMORY = { name: 'memory', type: 'memory' };
const START = { name: '_start', type: functionType([], []) };
const INITIALISE = { name: '_initialize', type: functionType([], []) };
const ALLOC = { name: 'alloc', type: functionType(['i32'], ['i32']) };
const RUN = { name: 'run', type: functionType(['i32', 'i32'], ['i64']) };
const STEP = { name: 'step', type: functionType(['i32', 'i32', 'i32', 'i32'], ['i64']) };

const described = ({ name, type }: TaskExport): string => `${name}: ${type}`;

/**
 * Meters and compiles `bytes`, of which there are at most 64 MiB, for a task with so many pages of memory.
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
  if (!(metered instanceof Uint8Array)) return refused(border, bytes.length, placed(metered, bytes));

  onStage('compiling');
  const module = compile(metered);
  if (!module) return refused(border, bytes.length, { code: INVALID, offset: 0, found: 0 });

  const isCommand = border.exports.some(({ name, type }) => name === '_start' && type.startsWith('function'));
  if (!isCommand && border.imports.length > 0) {
    const again = meter.instrument(bytes, pages, PURE);
    if (again instanceof Uint8Array) throw new Error('imports of a pure module were not refused');
    return { ...refused(border, bytes.length, placed(again, bytes)), interface: 'pure' };
  }
  const kind = isCommand ? 'command' : 'pure';
  const exported = new Set(border.exports.map(described));
  const lackOf = (...wanted: TaskExport[]): string[] => wanted.map(described).filter((one) => !exported.has(one));
  // It may be missing, or be something else than a function.
  const wanted = border.exports.some(({ name, type }) => name === INITIALISE.name && type.startsWith('function')) ? [MEMORY, INITIALISE, ALLOC] : [MEMORY, ALLOC];
  const lacks = isCommand ? lackOf(MEMORY, START) : lackOf(...wanted, RUN);
  const lacksForSteps = isCommand ? [described(STEP)] : lackOf(...wanted, STEP);
  const known = { ...border, bytes: bytes.length, meteredBytes: metered.length, interface: kind, lacks, lacksForSteps } as const;
  return lacks.length > 0 && lacksForSteps.length > 0 ? known : { ...known, module };
}

/** Bytes that tell what something is that is no module. */
const HEAD = 256;

/** The same with the place that it means. */
function placed(why: Refused, bytes: Uint8Array): Refused {
  if (why.code === NO_MODULE) return { ...why, head: bytes.slice(0, HEAD) };
  const place = placeOf(bytes, why.offset);
  return place ? { ...why, place } : why;
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
