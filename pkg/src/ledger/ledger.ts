// The ledger of a mesh: what an application asks of it, and what it hears.

import { type Bytes, concat, copyOf, fromHex, hex, kindOf } from '../bytes.js';
import { idOf, need, needNone, needSignal, wholeOf } from '../check.js';
import * as CODE from '../codes.js';
import { doors } from '../door.js';
import { MeshError } from '../errors.js';
import { tellAll } from '../events.js';
import { Listeners } from '../job/listeners.js';
import { FAULT, fault } from '../module/faults.js';
import type { Mesh } from '../types.js';
import { amountOf } from './amount.js';
import * as face from './face.js';
import { askFaucets } from './faucet.js';
import { type Genesis, epochAt, readGenesis } from './genesis.js';
import { entriesOf } from './history.js';
import { CREDIT, GENESIS_BYTES_MAX, GENESIS_MS, READY_MS, WATCHED_MAX } from './limits.js';
import { Node } from './node.js';
import type { Payment } from './payment.js';
import { Payments } from './payments.js';
import type {
  Account,
  Dripped,
  Head,
  HistoryEntry,
  HistoryOptions,
  Ledger,
  LedgerEvents,
  LedgerOptions,
  Mode,
  Transfer,
  TransferOptions,
  Voter,
} from './types.js';
import { Waiting } from './waiting.js';
import { WORD, wrong } from './words.js';

const attached = new WeakMap<Mesh, { readonly ledger: string; readonly made: Promise<MeshLedger> }>();

/**
 * The ledger of a mesh; the same for all who ask. Resolves once it has started from what this tab kept.
 *
 * @throws MeshError BadOption, NoLedger, BadGenesis, WrongNetwork, OtherLedger; with `begin` NoVoter, HasBegun, NothingKept, VotesElsewhere,
 * StoreNewer or StoreDamaged; as `attach` of `tabmesh/module`
 */
export async function ledgerOf(mesh: Mesh, options: LedgerOptions): Promise<Ledger> {
  need(typeof options === 'object' && options !== null, 'ledgerOf takes an object of options');
  const { genesis: given, begin = false, module = new URL('../../wasm/tabmesh_ledger.wasm', import.meta.url), ...unknown } = options;
  needNone(unknown, 'ledgerOf');
  need(typeof begin === 'boolean', 'begin is true or false');
  const door = doors.get(mesh);
  need(door, 'ledgerOf takes a mesh that join of this package gave');
  const genesis = readGenesis(await bytesOf(given));
  if (hex(genesis.network) !== hex(door.network)) throw wrong(WORD.wrongNetwork);
  const name = hex(genesis.hash);
  const known = attached.get(mesh);
  if (known && known.ledger !== name) throw wrong(WORD.otherLedger, known.ledger);
  if (known) return known.made;
  const forget = (): void => {
    if (attached.get(mesh)?.made === made) attached.delete(mesh);
  };
  const made = MeshLedger.start(mesh, genesis, begin, module, forget);
  attached.set(mesh, { ledger: name, made });
  made.catch(forget);
  return made;
}

/**
 * The public key of this tab, 128 hexadecimal digits: by it a genesis names a voter.
 *
 * @throws MeshError BadOption
 */
export function voterKey(mesh: Mesh): string {
  const door = doors.get(mesh);
  need(door, 'voterKey takes a mesh that join of this package gave');
  return hex(door.identity.publicKey);
}

async function bytesOf(given: LedgerOptions['genesis']): Promise<Bytes> {
  if (kindOf(given) !== 'URL') {
    const bytes = copyOf(given);
    need(bytes, `genesis is a URL or bytes, and this is of type ${kindOf(given)}`);
    return bytes;
  }
  const notLoaded = (cause: unknown): never => {
    throw fault(FAULT.notLoaded, cause);
  };
  const response = await fetch(given as URL, { signal: AbortSignal.timeout(GENESIS_MS) }).catch(notLoaded);
  // What a server gives for whatever it has not, where a page finds its own way.
  const isPage = response.headers.get('content-type')?.startsWith('text/html');
  if (response.status === 404 || (response.ok && isPage)) throw wrong(WORD.noLedger, (given as URL).href);
  if (!response.ok) throw fault(FAULT.notLoaded, new Error(`${(given as URL).href} answers ${response.status}`));
  return bodyOf(response).catch(notLoaded);
}

/** Its bytes, of which no more are taken than a genesis has and one: that many are none. */
async function bodyOf(response: Response): Promise<Bytes> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  for (let left = GENESIS_BYTES_MAX; reader && left >= 0; ) {
    const { done, value } = await reader.read();
    if (done) break;
    left -= value.length;
    parts.push(value);
  }
  // What is not wanted any more is not sent either.
  await reader?.cancel();
  return concat(...parts);
}

interface Watched {
  readonly id: string;
  readonly listener: (account: Account) => void;
  /** As it was told last. */
  told: string;
  isAsking: boolean;
  isStale: boolean;
}

class MeshLedger implements Ledger {
  readonly id: string;
  readonly ready: Promise<void>;
  head: Head | undefined;
  readonly #mesh: Mesh;
  readonly #genesis: Genesis;
  readonly #node: Node;
  readonly #waiting: Waiting;
  readonly #payments: Payments;
  readonly #watched = new Set<Watched>();
  readonly #listeners = new Listeners<{ [E in keyof LedgerEvents]: [LedgerEvents[E]] }>();
  readonly #onOver: () => void;
  #isOver = false;
  /** Faults that nobody could hear yet are for the first listener: of a start there are two at most, and of a store one. */
  readonly #early: MeshError[] = [];
  #hasListener = false;
  #setReady: (error?: MeshError) => void = () => undefined;
  #unlisten = (): void => undefined;

  static async start(mesh: Mesh, genesis: Genesis, isNew: boolean, module: NonNullable<LedgerOptions['module']>, onOver: () => void): Promise<MeshLedger> {
    const ledger = new MeshLedger(mesh, genesis, module, onOver);
    try {
      await ledger.#node.start(isNew);
      if (mesh.state === 'closed') throw new MeshError(CODE.closed);
    } catch (error) {
      ledger.#end(error instanceof MeshError ? error : fault(FAULT.detached, error));
      throw error;
    }
    ledger.#unlisten = mesh.on('closed', () => ledger.#end(new MeshError(CODE.closed)));
    ledger.#payments.takeUp(ledger.#node.pending, ledger.#node.history);
    return ledger;
  }

  private constructor(mesh: Mesh, genesis: Genesis, module: NonNullable<LedgerOptions['module']>, onOver: () => void) {
    this.#mesh = mesh;
    this.#genesis = genesis;
    this.#onOver = onOver;
    this.id = hex(genesis.hash);
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#setReady(wrong(WORD.behind)), READY_MS);
      this.#setReady = (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
    });
    // Whoever does not look at it hears of it by the mode.
    this.ready.catch(() => undefined);
    this.#node = new Node(mesh, doors.get(mesh)!, genesis, module, {
      hear: (event) => this.#hear(event),
      onFault: (error) => {
        if (this.#hasListener) this.#listeners.emit('fault', error);
        else this.#early.push(error);
      },
      onRestarted: () => {
        this.#waiting.restart();
        this.#payments.restart();
      },
      onClosed: (error) => this.#end(error),
    });
    this.#waiting = new Waiting((command) => this.#node.say(command));
    this.#payments = new Payments(genesis, this.#node, this.#waiting, () => this.#lookAgain());
  }

  get self(): string {
    return this.#mesh.id;
  }

  get fee(): bigint {
    return this.#genesis.fee;
  }

  get epochMs(): number {
    return this.#genesis.epochMs;
  }

  get isTest(): boolean {
    return this.#genesis.isTest;
  }

  get isVoter(): boolean {
    return this.#node.isVoter;
  }

  get votes(): boolean {
    return this.#node.votes;
  }

  get mode(): Mode {
    return this.head?.mode ?? 'following';
  }

  async account(id: string = this.#mesh.id): Promise<Account> {
    const bytes = idOf(id);
    const { record, promised, sequence, height, epoch } = (await this.#waiting.ask((ticket) => face.account(ticket, bytes))) as face.AccountSays;
    const balance = record?.balance ?? 0n;
    const spendable = balance > promised ? balance - promised : 0n;
    const bond = BigInt(record?.bond ?? 0) * CREDIT;
    return { id: hex(bytes), exists: record !== undefined, spendable, promised, bond, sequence, height, epoch, finality: 'final' };
  }

  transfer(to: string, amount: bigint, options: TransferOptions = {}): Transfer {
    const receiver = idOf(to);
    const grains = amountOf(amount);
    need(typeof options === 'object' && options !== null, 'transfer takes an object of options');
    const { validForMs, signal, ...unknown } = options;
    needNone(unknown, 'transfer');
    needSignal(signal);
    signal?.throwIfAborted();
    const epochs = validForMs === undefined ? 0 : Math.ceil(wholeOf(validForMs, 1, 2 ** 31 - 1, 'validForMs') / this.epochMs);
    if (this.#isOver) throw this.#gone();
    const until = epochs && Math.min(epochAt(this.#genesis, Date.now()) + epochs, 2 ** 32 - 1);
    return this.#payments.make(receiver, grains, until, signal);
  }

  transfers(): Payment[] {
    return this.#payments.all;
  }

  async *history({ since = 0, ...unknown }: HistoryOptions = {}): AsyncGenerator<HistoryEntry, void, void> {
    needNone(unknown, 'history');
    yield* entriesOf(this.#node.history, wholeOf(since, 0, 2 ** 32 - 1, 'since'), this.#genesis, fromHex(this.#mesh.id, 32)!);
  }

  watch(id: string, listener: (account: Account) => void): () => void {
    const bytes = idOf(id);
    need(typeof listener === 'function', 'a listener is a function');
    if (this.#isOver) throw this.#gone();
    if (this.#watched.size >= WATCHED_MAX) throw wrong(WORD.busy);
    const watched: Watched = { id: hex(bytes), listener, told: '', isAsking: false, isStale: false };
    this.#watched.add(watched);
    void this.#look(watched);
    return () => void this.#watched.delete(watched);
  }

  async faucet({ signal, ...unknown }: { signal?: AbortSignal | undefined } = {}): Promise<Dripped> {
    needNone(unknown, 'faucet');
    needSignal(signal);
    if (this.#isOver) throw this.#gone();
    const linked = new Set(this.#mesh.peers().map((peer) => peer.id));
    return askFaucets(this.#genesis, linked, this.#mesh.id, this.#waiting, signal);
  }

  voters(): Voter[] {
    const linked = new Set(this.#mesh.peers().map((peer) => peer.id));
    const { signers, voters } = this.#node;
    return voters.map((bytes, number) => {
      const id = hex(bytes);
      const signed = signers.filter((one) => one.signers.includes(number)).length;
      return { id, isOwn: id === this.#mesh.id, isLinked: linked.has(id), signed, of: signers.length };
    });
  }

  on<E extends keyof LedgerEvents>(event: E, listener: (detail: LedgerEvents[E]) => void): () => void {
    need(['head', 'fault', 'closed'].includes(event), `a ledger has no event ${event}`);
    need(typeof listener === 'function', 'a listener is a function');
    const end = this.#listeners.on(event, listener as (...detail: [LedgerEvents[E]]) => void);
    if (event === 'fault' && !this.#hasListener) {
      this.#hasListener = true;
      queueMicrotask(() => this.#early.splice(0).forEach((error) => this.#listeners.emit('fault', error)));
    }
    return end;
  }

  close(): void {
    this.#end(fault(FAULT.detached));
  }

  #gone(): MeshError {
    return this.#mesh.state === 'closed' ? new MeshError(CODE.closed) : fault(FAULT.detached);
  }

  #hear(event: face.Event): void {
    switch (event.kind) {
      case 'made':
        if (!this.#waiting.answer(event.ticket, event)) this.#payments.adopt(event.operation);
        return;
      case 'account':
      case 'unmade':
      case 'dripped':
        return void this.#waiting.answer(event.ticket, event);
      case 'head':
        return this.#onHead(event);
      case 'certified':
      case 'settled':
      case 'included':
      case 'dropped':
        return this.#payments.hear(event);
      default:
    }
  }

  #onHead({ height, epoch, view, hash, operations, mode }: face.HeadSays): void {
    this.head = { height, epoch, view, hash: hex(hash), operations, mode };
    if (mode !== 'following') this.#setReady();
    this.#listeners.emit('head', this.head);
    this.#lookAgain();
  }

  #lookAgain(): void {
    for (const watched of this.#watched) void this.#look(watched);
  }

  /** Tells what an account has, if that is something new. */
  async #look(watched: Watched): Promise<void> {
    watched.isStale = true;
    if (watched.isAsking) return;
    watched.isAsking = true;
    while (watched.isStale && this.#watched.has(watched) && !this.#isOver) {
      watched.isStale = false;
      const account = await this.account(watched.id).catch(() => undefined);
      if (!account || !this.#watched.has(watched)) break;
      const { exists, spendable, promised, bond, sequence } = account;
      const now = [exists, spendable, promised, bond, sequence].join();
      if (now === watched.told) continue;
      watched.told = now;
      tellAll([watched.listener], account);
    }
    watched.isAsking = false;
  }

  #end(error: MeshError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unlisten();
    this.#node.close();
    this.#setReady(error);
    this.#waiting.close(error);
    this.#payments.close(error);
    this.#watched.clear();
    this.#onOver();
    this.#listeners.emit('closed', undefined);
  }
}
