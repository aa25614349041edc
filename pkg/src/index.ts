/**
 * tabmesh: a decentralised computer that lives in browser tabs.
 *
 * @module
 */
export { join } from './mesh.js';
export { MeshError } from './errors.js';
export * from './task/index.js';
export type {
  Answer,
  AskOptions,
  Content,
  GetOptions,
  JoinOptions,
  JoinProgress,
  Mesh,
  MeshEvents,
  MessageData,
  Metrics,
  Peer,
  PutData,
  PutOptions,
  PutResult,
  Question,
  Topic,
  TopicMessage,
} from './types.js';
