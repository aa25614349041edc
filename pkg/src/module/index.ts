/**
 * Modules of a mesh: state machines in Wasm that speak with their like at other nodes. `core-wasm/module` makes them.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { attach } from './attach.js';
export type { AttachOptions, Attached } from './types.js';
