/**
 * Tags of a mesh: opt-in sub-overlays, whose members find each other and carry what is theirs. `core-wasm/tag` is their module.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { tagged } from './tagged.js';
export type { Members, Published, Received, Tag, TagOptions } from './types.js';
