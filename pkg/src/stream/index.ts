/**
 * Streams of a mesh: bytes in order between two nodes, both ways, each no faster than the other end reads.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { streamsOf } from './streams.js';
export type { Listening, MeshStream, OpenOptions, Streams, StreamsOptions } from './types.js';
