/**
 * The ledger of a mesh: credits that its voters agree on, without a server. `core-wasm/ledger` is the module, `docs/LEDGER.md` what it does.
 *
 * @module
 */
export { MeshError } from '../errors.js';
export { credits, formatCredits } from './amount.js';
export { ledgerOf, voterKey } from './ledger.js';
export type {
  Account,
  Dripped,
  Finality,
  Head,
  HistoryEntry,
  HistoryOptions,
  Ledger,
  LedgerEvents,
  LedgerOptions,
  Mode,
  OperationKind,
  Step,
  Transfer,
  TransferError,
  TransferOptions,
  Transferred,
  UntilOptions,
  Voter,
} from './types.js';
