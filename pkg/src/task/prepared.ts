// What is known of a module once it was looked at. Apart from how that is done, which only Workers need.

import type { TaskExport, TaskImport } from './types.js';
import type { Border, Place } from './sections.js';

/** What the engine found invalid in a module that the profile accepts. */
export const INVALID = 65_535;

/** What does not begin as a module does. */
export const NO_MODULE = 2;

/** Why a module is refused, without words: those are many, and come only when they are needed (`refusal.ts`). */
export interface Refused {
  readonly code: number;
  readonly offset: number;
  /** How many of something, where that is what is wrong; else of no meaning. */
  readonly found: number;
  /** What stands there. */
  readonly place?: Place;
  /** How it begins, where it is no module. */
  readonly head?: Uint8Array;
}

/** A module that was looked at; it runs if there is a `module`. */
export interface Prepared {
  readonly imports: TaskImport[];
  readonly exports: TaskExport[];
  /** Bytes before and after metering. */
  readonly bytes: number;
  readonly meteredBytes: number;
  /** `null`: refused before it could be told. */
  readonly interface: 'pure' | 'command' | null;
  readonly refused?: Refused;
  /** Exports that the interface wants and the module has not. */
  readonly lacks: string[];
  /** The same for a task by steps. A command has none: it lacks `step`, whatever it exports. */
  readonly lacksForSteps: string[];
  /** Metered and compiled; absent if it was refused or lacks something either way. */
  readonly module?: WebAssembly.Module;
}

/** A module that was refused. */
export function refused(border: Border, bytes: number, why: Refused): Prepared {
  return { ...border, bytes, meteredBytes: 0, interface: null, refused: why, lacks: [], lacksForSteps: [] };
}
