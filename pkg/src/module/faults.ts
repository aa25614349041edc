// What goes wrong with modules, in words that pages without modules do not load.

import { type Entry, MeshError } from '../errors.js';

const ENTRIES = {
  1070: ['NotLoaded', 'The module could not be loaded: check its address, and allow it by the page policy.'],
  1071: ['NoModule', 'This is no module of a port: it imports nothing, and exports what core-wasm/module makes it export.'],
  1072: ['PortTaken', 'A module is attached at this port, or at as many as there can be: close one first.'],
  1073: ['ModuleFailed', 'The module stopped by a bug and was detached: attach it again, and report it to whoever made it.'],
  1074: ['Detached', 'This module was detached: attach it again.'],
} as const satisfies Record<number, Entry>;

export const FAULT = { notLoaded: 1070, noModule: 1071, portTaken: 1072, moduleFailed: 1073, detached: 1074 } as const;

/** A fault, its detail, and what it came of. */
export function fault(code: keyof typeof ENTRIES, cause?: unknown): MeshError {
  const detail = cause instanceof Error ? cause.message : undefined;
  return new MeshError(code, detail, { entry: ENTRIES[code], cause });
}
