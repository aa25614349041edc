/**
 * Verifiable tasks: a Wasm module, an input and some limits give the same status, the same gas and the same output on every host.
 * For browsers and for Node.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { checkTask, runTask } from './run.js';
export { STATUS_NUMBERS as taskStatusNumbers } from './execute.js';
export type {
  CheckOptions,
  TaskCheck,
  TaskExport,
  TaskImport,
  TaskOptions,
  TaskProgress,
  TaskRefusal,
  TaskResult,
  TaskStatus,
} from './types.js';
