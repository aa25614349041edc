// The ledger's module at its port, and what its shell owes it: it starts from what was kept, and what it signs is kept before.

import { type Bytes, NO_BYTES, hex, isEqual } from '../bytes.js';
import * as CODE from '../codes.js';
import type { Door } from '../door.js';
import { MeshError } from '../errors.js';
import { attach } from '../module/attach.js';
import { FAULT, fault } from '../module/faults.js';
import type { AttachOptions, Attached } from '../module/types.js';
import { report } from '../report.js';
import { type Slot, hold } from '../slot.js';
import * as STATUS from '../status.js';
import type { Mesh } from '../types.js';
import { pause } from '../wait.js';
import { type Block, accountOf, concerns, isConflict, readBlock } from './block.js';
import * as face from './face.js';
import type { Genesis } from './genesis.js';
import { ANSWER_MS, COUNTED_BLOCKS, HISTORY_MAX, REPLAYED_AT_ONCE } from './limits.js';
import { type Done, Store } from './store.js';
import { WORD, wrong } from './words.js';

/** The ledger's port, one of tabmesh's own. */
const PORT = 1;

/** A page that was loaded again waits so long for the journal that it had a moment ago. */
const AGAIN_MS = 400;

/** What is done with what the module says that is not the shell's own business. */
export interface NodeOwner {
  hear(event: face.Event): void;
  onFault(error: MeshError): void;
  /** The module began anew: what it was asked is forgotten. */
  onRestarted(): void;
  /** Nothing comes any more. */
  onClosed(error: MeshError): void;
}

export interface NodeOptions {
  readonly isNew: boolean;
  readonly module: AttachOptions['module'];
}

export class Node {
  /** Who votes now, in their order. */
  voters: readonly Bytes[];
  /** Who signed the certificates of the last blocks, by their numbers among these voters. */
  signers: Pick<Block, 'height' | 'signers'>[] = [];
  readonly #mesh: Mesh;
  readonly #door: Door;
  readonly #genesis: Genesis;
  readonly #owner: NodeOwner;
  readonly #module: NodeOptions['module'];
  readonly #account: Bytes;
  #store: Store | undefined;
  #lock: Slot | undefined;
  #attached: Attached | undefined;
  #onHead: ((head: face.HeadSays) => void) | undefined;
  /** What is not kept of the own operations is remembered as long as the page lives. */
  readonly #remembered: Done[] = [];
  #isOver = false;
  /** What it signs can be kept, so far. */
  #keeps = false;
  /** It was told that the store failed. */
  #hasFailed = false;

  constructor(mesh: Mesh, door: Door, genesis: Genesis, module: NodeOptions['module'], owner: NodeOwner) {
    this.#mesh = mesh;
    this.#door = door;
    this.#genesis = genesis;
    this.#module = module;
    this.#owner = owner;
    this.#account = accountOf(door.identity.id);
    this.voters = genesis.voters;
  }

  get isVoter(): boolean {
    return this.voters.some((id) => isEqual(id, this.#door.identity.id));
  }

  /** Whether it votes: it has a journal, and that is whole so far. */
  get votes(): boolean {
    return this.#keeps && this.#store !== undefined && this.#store.journal.length > 0;
  }

  /** Own operations in final blocks, the oldest first. */
  get history(): readonly Done[] {
    return this.#store?.history ?? this.#remembered;
  }

  /** Operations that were on their way when the page was left. */
  get pending(): Bytes[] {
    return this.#store?.pending ?? [];
  }

  /**
   * Starts from what was kept. `isNew`: the ledger begins, and this voter has never signed anything in it.
   *
   * @throws MeshError NoVoter, NothingKept, VotesElsewhere, HasBegun, StoreNewer, StoreDamaged, BadGenesis; as `attach` of `tabmesh/module`
   */
  async start(isNew: boolean): Promise<void> {
    if (isNew && !this.isVoter) throw wrong(WORD.noVoter);
    const trouble = await this.#open();
    if (isNew && trouble) throw trouble;
    const { journal = [], height = 0 } = this.#store ?? {};
    const hasJournal = journal.length > 0;
    if (isNew && !hasJournal && height > 0) throw wrong(WORD.hasBegun);
    if (trouble && this.isVoter) this.#owner.onFault(trouble);
    this.#keeps = !trouble;
    // What a browser clears by itself takes the key with the journal, and the seat with both.
    if (hasJournal || isNew) navigator.storage?.persist?.().catch(() => undefined);
    const found = await this.#run(isNew && !hasJournal);
    if (found >= height) return;
    // The module did not take a block that was kept. Whoever does not vote fetches all anew.
    if (hasJournal) this.#owner.onFault(wrong(WORD.storeDamaged, `block ${found + 1}`));
    this.#keeps &&= !hasJournal;
    await this.#store?.clearBlocks().catch(() => undefined);
    await this.#again();
  }

  /** @throws MeshError Closed or Detached */
  say(command: face.Command): void {
    if (this.#isOver) throw this.#mesh.state === 'closed' ? new MeshError(CODE.closed) : fault(FAULT.detached);
    // It begins anew: what is said meanwhile is said again then.
    this.#attached?.command(...command);
  }

  pend(operation: Bytes): void {
    this.#store?.pend(operation);
  }

  unpend(operation: Bytes): void {
    this.#store?.unpend(operation);
  }

  close(): void {
    this.#isOver = true;
    this.#attached?.close();
    this.#store?.close();
    this.#lock?.release();
  }

  /** What stands in the way of keeping a journal, if anything does. */
  async #open(): Promise<MeshError | undefined> {
    const name = `tabmesh:ledger:${hex(this.#genesis.hash).slice(0, 16)}:${this.#mesh.id}`;
    if (!globalThis.navigator?.locks || !globalThis.indexedDB) return wrong(WORD.nothingKept);
    this.#lock = await hold(name, 0, AGAIN_MS);
    if (!this.#lock) return wrong(WORD.votesElsewhere);
    try {
      this.#store = await Store.open(name, this.#genesis.hash, this.isVoter);
      return undefined;
    } catch (cause) {
      return cause instanceof MeshError ? cause : wrong(WORD.nothingKept, undefined, { cause });
    }
  }

  /** Attaches the module and hands it what was kept: the height that it came to. */
  async #run(isNew: boolean): Promise<number> {
    const attached = await attach(this.#mesh, {
      port: PORT,
      module: this.#module,
      onEvent: (bytes) => this.#hear(face.read(bytes)),
      onFault: (error) => {
        this.close();
        this.#owner.onClosed(fault(FAULT.detached));
        report(error);
      },
    });
    if (this.#mesh.state === 'closed') throw new MeshError(CODE.closed);
    attached.command(...face.begin(this.#genesis.bytes));
    await this.#replay(attached);
    if (this.#keeps) for (const record of this.#store?.journal ?? []) attached.command(...face.journal(record));
    const head = new Promise<face.HeadSays>((resolve) => (this.#onHead = resolve));
    this.#attached = attached;
    attached.command(...face.start(isNew));
    const first = await Promise.race([head, pause(ANSWER_MS)]);
    this.#onHead = undefined;
    if (!first) {
      attached.close();
      throw wrong(WORD.badGenesis, 'the module refused it');
    }
    return first.height;
  }

  async #replay(attached: Attached): Promise<void> {
    const height = this.#store?.height ?? 0;
    for (let from = 1; from <= height; from += REPLAYED_AT_ONCE) {
      const blocks = await this.#store!.blocks(from, from + REPLAYED_AT_ONCE - 1);
      for (const block of blocks) attached.command(...face.replay(block));
      if (from + REPLAYED_AT_ONCE > height - COUNTED_BLOCKS) for (const block of blocks) this.#count(readBlock(block));
      // The page goes on too.
      await pause(0);
    }
  }

  #hear(event: face.Event): void {
    switch (event.kind) {
      case 'keep':
        return this.#keep(event.number, event.record);
      case 'final':
        return this.#final(event.height, event.bytes);
      case 'fetch':
        return void this.#give(event.ticket, event.height);
      case 'look':
        return this.say(face.give(event.ticket, this.#store?.acknowledged(event.operation) ?? NO_BYTES));
      case 'requested':
        // Native peers alone have a faucet.
        return this.say(face.drip(event.ticket, STATUS.notImplemented));
      case 'voters':
        return this.#follow(event.height, event.ids);
      case 'head':
        this.#onHead?.(event);
    }
    this.#owner.hear(event);
  }

  /** Nothing is signed before its record outlasts a power cut. */
  #keep(number: number, record: Bytes): void {
    // What is not said to be kept is never signed.
    if (!this.#keeps || !this.#store) return;
    const attached = this.#attached;
    const isCurrent = (): boolean => !this.#isOver && this.#attached === attached;
    this.#store.keep(record).then(
      () => isCurrent() && this.say(face.kept(number)),
      (error: unknown) => this.#onStoreFailed(error),
    );
  }

  #final(height: number, bytes: Bytes): void {
    const block = readBlock(bytes);
    this.#count(block);
    const own = this.#ownOf(block);
    if (!this.#store) {
      this.#remembered.push(...own);
      this.#remembered.splice(0, this.#remembered.length - HISTORY_MAX);
      return;
    }
    this.#store.final(height, block.view, bytes, own).catch((error: unknown) => this.#onStoreFailed(error));
  }

  #ownOf({ height, epoch, operations }: Block): Done[] {
    const own = operations.filter((operation) => concerns(operation, this.#door.identity.publicKey, this.#account));
    return own.map((operation) => ({ height, epoch, operation, isConflict: isConflict(operations, operation) }));
  }

  #count({ height, signers }: Block): void {
    this.signers.push({ height, signers });
    this.signers.splice(0, this.signers.length - COUNTED_BLOCKS);
  }

  /** Others vote from this block on: what is known of earlier ones has other numbers. */
  #follow(height: number, ids: readonly Bytes[]): void {
    const isSame = ids.length === this.voters.length && ids.every((id, number) => isEqual(id, this.voters[number]!));
    if (isSame) return;
    this.voters = ids;
    this.signers = this.signers.filter((one) => one.height >= height);
  }

  async #give(ticket: number, height: number): Promise<void> {
    const block = await this.#store?.block(height).catch(() => undefined);
    if (!this.#isOver) this.say(face.give(ticket, block ?? NO_BYTES));
  }

  /** What a voter signs cannot be kept: it goes on as one that follows. */
  #onStoreFailed(cause: unknown): void {
    if (this.#hasFailed || this.#isOver) return;
    this.#hasFailed = true;
    const detail = cause instanceof Error ? cause.message : undefined;
    const { votes } = this;
    this.#keeps = false;
    if (!votes) return this.#owner.onFault(new MeshError(CODE.storageFailed, detail, { cause }));
    this.#owner.onFault(wrong(WORD.storeFailed, detail, { cause }));
    this.#again().catch((error: unknown) => {
      this.close();
      this.#owner.onClosed(error instanceof MeshError ? error : fault(FAULT.detached, error));
    });
  }

  /** The module begins anew, without a journal. */
  async #again(): Promise<void> {
    this.#attached?.close();
    this.#attached = undefined;
    if (this.#store?.broken) this.#store.height = 0;
    await this.#run(false);
    this.#owner.onRestarted();
  }
}

