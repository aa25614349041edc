/**
 * Jobs: many tasks that other nodes run, with as many checks as are wanted, and running those of others.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { graph, map } from './make.js';
export { offer } from './offer.js';
export { quote } from './quote.js';
export { records } from './remember.js';
export { resume } from './resume.js';
export { verifyReceipt } from './receipt.js';
export type { ReceiptExpected, ReceiptSays } from './receipt.js';
export type {
  Bill,
  CoordinatorOptions,
  ExecutorRecord,
  FailedReason,
  Job,
  JobEvents,
  JobInput,
  JobInputs,
  JobInvocation,
  JobInvocations,
  JobOptions,
  JobState,
  LateError,
  Offer,
  OfferOptions,
  OfferState,
  Progress,
  Quote,
  QuoteOptions,
  Records,
  ReduceOptions,
  Result,
  ResumeOptions,
  StageOptions,
  TaskError,
} from './types.js';
