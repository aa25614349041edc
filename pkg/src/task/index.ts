/**
 * Verifiable tasks: a Wasm module, an input and some limits give the same status, the same gas and the same output on every host.
 * For browsers and for Node.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { checkTask, runTask, stepTask } from './run.js';
export { STATUS_NUMBERS as taskStatusNumbers } from './outcome.js';
export type {
  CheckOptions,
  StepOptions,
  TaskCheck,
  TaskExport,
  TaskFlag,
  TaskImport,
  TaskOptions,
  TaskProgress,
  TaskRefusal,
  TaskResult,
  TaskStatus,
  TaskStep,
} from './types.js';
