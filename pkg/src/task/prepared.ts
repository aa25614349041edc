// What is known of a module once it was looked at. Apart from how that is done, which only Workers need.

import type { Border } from './sections.js';
import type { TaskExport, TaskImport, TaskRefusal } from './types.js';

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
  /** The same for a task by steps. A command has none: it lacks `step`, whatever it exports. */
  readonly lacksForSteps: string[];
  /** Metered and compiled; absent if it was refused or lacks something either way. */
  readonly module?: WebAssembly.Module;
}

/** A module that was refused. */
export function refused(border: Border, bytes: number, why: TaskRefusal): Prepared {
  return { ...border, bytes, meteredBytes: 0, interface: null, refusal: why, lacks: [], lacksForSteps: [] };
}
