// What an application sees of a ledger. Amounts are BigInt in grains, a millionth of a credit each.

import type { MeshError } from '../errors.js';
import type { AttachOptions } from '../module/types.js';
import type { OperationKind } from './block.js';
import type { Mode } from './face.js';

export type { Mode, OperationKind };

/**
 * How sure a transfer is, each step surer than the one before:
 * - `tentative`: signed, and on its way to the voters;
 * - `certified`: so many voters promised it its place that no other operation takes it in this view;
 * - `settled`: it comes in a block of this view, and the receiver can rely on it;
 * - `final`: it is in a block, and done.
 */
export type Finality = 'tentative' | 'certified' | 'settled' | 'final';

export interface LedgerOptions {
  /** Which ledger: the bytes of its genesis, or where they lie; a signalling server with a ledger has them at `/genesis`. */
  genesis: URL | ArrayBufferLike | ArrayBufferView;
  /**
   * The ledger begins, and this tab, which is a voter of the genesis, has never voted in it: a person says so, once. Without it a tab
   * that finds no journal of its own follows and sends, and does not vote. For a ledger that is followed already it changes nothing:
   * close that first.
   */
  begin?: boolean;
  /** The `.wasm` of `core-wasm/ledger`: where it lies, its bytes, or compiled. Default: where the package has it. */
  module?: AttachOptions['module'];
}

export interface Head {
  /** Of the newest final block that this tab has. */
  readonly height: number;
  readonly epoch: number;
  /** Of the block that is to come. */
  readonly view: number;
  /** Of that block's header: 64 hexadecimal digits. */
  readonly hash: string;
  /** How many are in it. */
  readonly operations: number;
  readonly mode: Mode;
}

export interface Account {
  readonly id: string;
  /** Whether it is there. */
  readonly exists: boolean;
  /** What can be sent now: the balance in the newest final block without what is promised. */
  readonly spendable: bigint;
  /** What is promised by operations of this tab that are in no block yet, fees included; 0 of others. */
  readonly promised: bigint;
  /** In grains, as all: what is bonded, of a voter. */
  readonly bond: bigint;
  /** The number of its next operation, as far as this tab knows. */
  readonly sequence: number;
  /** The block as of which this is. */
  readonly height: number;
  readonly epoch: number;
  /** It is out of a final block. */
  readonly finality: 'final';
}

export interface TransferOptions {
  /** It is done within this, or never: rounded up to whole epochs. Default: as the ledger says. */
  validForMs?: number;
  /** Before it is signed: gives it up. Later: nobody waits any more, and it goes on. */
  signal?: AbortSignal | undefined;
}

/** A step of a transfer. */
export interface Step {
  readonly finality: Finality;
  /** Milliseconds since it was begun. */
  readonly ms: number;
}

/** What became of a transfer. */
export interface Transferred extends Step {
  readonly id: string;
}

export interface UntilOptions {
  /** Default: as long as it takes; the transfer itself ends when its time is over. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** A transfer on its way: a promise, which resolves once it is settled, and an iterator over its steps. */
export interface Transfer extends PromiseLike<Transferred>, AsyncIterable<Step> {
  /** Its operation's, 64 hexadecimal digits; `undefined` until it is signed, which is its first step. */
  readonly id: string | undefined;
  readonly to: string;
  readonly amount: bigint;
  /** In grains. */
  readonly fee: bigint;
  /** The steps that it came to. */
  readonly steps: readonly Step[];
  /**
   * Resolves once it is as sure as this.
   *
   * @throws MeshError NotYet where `timeoutMs` is over, and it goes on; otherwise a {@link TransferError}; the reason of `signal`
   */
  until(finality: Finality, options?: UntilOptions): Promise<Transferred>;
}

/** Why a transfer ended. */
export interface TransferError extends MeshError {
  /** Whether it is sure that it will never be done; if not, look into the history before it is sent again. */
  readonly isFinal: boolean;
}

/** An operation out of a final block that is by this tab, or gives it credits. */
export interface HistoryEntry {
  readonly id: string;
  readonly kind: OperationKind;
  /** Of the block. */
  readonly height: number;
  readonly epoch: number;
  /** When that epoch began, in milliseconds since 1970. */
  readonly atMs: number;
  readonly from: string;
  /** Of a transfer. */
  readonly to: string | undefined;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly isOwn: boolean;
  /** Two operations had its number: both paid, and nothing else was done. */
  readonly isConflict: boolean;
  readonly finality: 'final';
}

export interface HistoryOptions {
  /** From this block on. Default: all that is kept, the newest 4,096. */
  since?: number;
}

/** A voter of the genesis. */
export interface Voter {
  readonly id: string;
  readonly isOwn: boolean;
  readonly isLinked: boolean;
  /** How many of the certificates of the last {@link Voter.of} blocks have its signature; one that is late is left out of some. */
  readonly signed: number;
  /** At most 32. */
  readonly of: number;
}

/** What test credits came by. */
export interface Dripped {
  /** Of the operation. */
  readonly id: string;
  readonly amount: bigint;
  /** Which voter gave. */
  readonly from: string;
}

export interface LedgerEvents {
  /** At each final block, and where the mode changes. */
  head: Head;
  /** Something went wrong while it goes on: this tab does not vote any more, say. */
  fault: MeshError;
  /** It ended. */
  closed: undefined;
}

/** The ledger of a mesh, as this tab follows it. */
export interface Ledger {
  /** SHA-256 of the genesis: 64 hexadecimal digits. */
  readonly id: string;
  /** This tab's own id, whose account is meant where none is named. */
  readonly self: string;
  /** What an operation costs, in grains. */
  readonly fee: bigint;
  readonly epochMs: number;
  /** A test network, whose credits are worth nothing; it has a faucet. */
  readonly isTest: boolean;
  /** Whether this tab is a voter of the genesis. */
  readonly isVoter: boolean;
  /** Whether it votes: it has its journal, and could keep all that it signed so far. */
  readonly votes: boolean;
  /** `following` until it has caught up; `strong`, or `eventual` where there has been no block for some epochs, and operations wait. */
  readonly mode: Mode;
  /** The newest final block. */
  readonly head: Head | undefined;
  /** Resolves once it has caught up first; rejects as Behind where that takes more than a minute. */
  readonly ready: Promise<void>;
  /**
   * What an account has in the newest final block; this tab's by default.
   *
   * @throws MeshError BadId, Busy, Closed
   */
  account(id?: string): Promise<Account>;
  /**
   * Sends credits. What is wrong with the arguments is thrown at once; all else by the transfer itself.
   *
   * @throws MeshError BadId, BadAmount, BadOption, Busy, Closed
   */
  transfer(to: string, amount: bigint, options?: TransferOptions): Transfer;
  /** Transfers of this tab that have not ended, those that it took up again after a reload included. */
  transfers(): Transfer[];
  /** Own operations out of final blocks, the oldest first; ends with the newest there is. */
  history(options?: HistoryOptions): AsyncIterable<HistoryEntry>;
  /** Hears what an account has, now and whenever that changes; the answer ends it. @throws MeshError BadId, Busy, Closed */
  watch(id: string, listener: (account: Account) => void): () => void;
  /** Asks voters for test credits, one after the other. @throws MeshError NoFaucet, Closed; the reason of `signal` */
  faucet(options?: { signal?: AbortSignal | undefined }): Promise<Dripped>;
  /** The voters of the genesis, and how they do. */
  voters(): Voter[];
  /** Listens; the answer ends it. */
  on<E extends keyof LedgerEvents>(event: E, listener: (detail: LedgerEvents[E]) => void): () => void;
  /** Ends it: transfers on their way fail as not final. */
  close(): void;
}
