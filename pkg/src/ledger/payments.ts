// Transfers of this tab on their way.

import { type Bytes, hex } from '../bytes.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { type Operation, readOperation } from './block.js';
import * as face from './face.js';
import type { Genesis } from './genesis.js';
import { LATE_EPOCHS } from './limits.js';
import type { Node } from './node.js';
import { Payment } from './payment.js';
import type { Done } from './store.js';
import type { Waiting } from './waiting.js';
import { WORD, refused, wrong } from './words.js';

/** The longest wait of a timer, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;

/** A refusal that is none for good: as many are on their way as can be. */
const LATER = 33;

/** One that passes with the epoch; it is tried again so often, so long behind the epoch's beginning, in milliseconds. */
const TOO_MANY = 10;
const AGAIN_MAX = 2;
const EDGE_MS = 20;

interface Fate {
  readonly kind: 'certified' | 'settled' | 'included' | 'dropped';
  readonly operation: Bytes;
  /** Of what was dropped. */
  readonly why?: number;
}

export class Payments {
  readonly #genesis: Genesis;
  readonly #node: Node;
  readonly #waiting: Waiting;
  readonly #onChange: () => void;
  readonly #all = new Set<Payment>();
  /** By the ids of their operations; one of which nothing is known any more stays until the module tells. */
  readonly #made = new Map<string, Payment>();
  readonly #timers = new Map<Payment, ReturnType<typeof setTimeout>>();

  /** `onChange`: more or less is promised. */
  constructor(genesis: Genesis, node: Node, waiting: Waiting, onChange: () => void) {
    this.#genesis = genesis;
    this.#node = node;
    this.#waiting = waiting;
    this.#onChange = onChange;
  }

  /** Those that have not ended. */
  get all(): Payment[] {
    return [...this.#all];
  }

  make(to: Bytes, amount: bigint, until: number, signal: AbortSignal | undefined): Payment {
    const payment = new Payment(hex(to), amount, this.#genesis.fee, signal);
    this.#all.add(payment);
    this.#begin(payment, (ticket) => face.transfer(ticket, to, amount, until), AGAIN_MAX);
    return payment;
  }

  /** Goes on with what was on its way when the page was left. A second one of its number would be a conflict. */
  takeUp(operations: readonly Bytes[], history: readonly Done[]): void {
    const done = new Set(history.map(({ operation }) => hex(operation)));
    for (const bytes of operations) {
      if (done.has(hex(bytes))) {
        this.#node.unpend(bytes);
      } else {
        this.adopt(bytes);
        this.#node.say(face.submit(bytes));
      }
    }
  }

  /** An operation is on its way for which nobody waits. */
  adopt(bytes: Bytes): void {
    const { to, amount, fee } = readOperation(bytes);
    const payment = new Payment(to ? hex(to) : '', amount, fee);
    this.#all.add(payment);
    this.#onMade(payment, bytes);
  }

  hear(event: Fate): void {
    const id = hex(event.operation);
    const payment = this.#made.get(id);
    if (!payment) return;
    if (event.kind === 'certified' || event.kind === 'settled') return payment.reach(event.kind);
    const isLasting = event.why !== LATER;
    if (event.kind === 'included') payment.reach('final');
    this.#end(payment, event.kind === 'dropped' ? refused(event.why ?? 0) : undefined, isLasting);
    this.#made.delete(id);
    if (isLasting && payment.operation) this.#node.unpend(payment.operation);
  }

  /** The module began anew, and knows of none. */
  restart(): void {
    for (const { operation } of this.#made.values()) if (operation) this.#node.say(face.submit(operation));
  }

  /** What is on its way may still be done: it is taken up the next time. */
  close(error: MeshError): void {
    const isClosed = error.code === CODE.closed;
    for (const payment of this.#all) this.#end(payment, isClosed ? new MeshError(CODE.closed) : wrong(WORD.unsure, undefined, { cause: error }), false);
    this.#made.clear();
  }

  #begin(payment: Payment, command: (ticket: number) => face.Command, triesLeft: number): void {
    this.#waiting.ask(command, { isOnce: true }).then(
      (answer) => {
        if (answer.kind === 'made') return this.#onMade(payment, answer.operation);
        const { why } = answer as Extract<face.Event, { kind: 'unmade' }>;
        // A new account does nothing in the epoch of its birth: whoever was just sent something need not know.
        if (why !== TOO_MANY || triesLeft === 0) return this.#end(payment, refused(why), true);
        this.#timers.set(payment, setTimeout(() => this.#begin(payment, command, triesLeft - 1), this.#toNextEpochMs()));
      },
      // It may have been signed, and be on its way.
      (error: unknown) => this.#end(payment, error instanceof MeshError ? error : wrong(WORD.unsure), false),
    );
  }

  #toNextEpochMs(): number {
    const { startsMs, epochMs } = this.#genesis;
    return epochMs - ((Date.now() - startsMs) % epochMs) + EDGE_MS;
  }

  #onMade(payment: Payment, bytes: Bytes): void {
    const operation = readOperation(bytes);
    payment.id = hex(operation.id);
    payment.operation = bytes;
    this.#made.set(payment.id, payment);
    this.#node.pend(bytes);
    this.#watch(payment, operation);
    payment.reach('tentative');
    this.#onChange();
  }

  /** Where no block tells what became of it, whoever waits hears that. */
  #watch(payment: Payment, { until }: Operation): void {
    const { startsMs, epochMs } = this.#genesis;
    const left = startsMs + (until + 1 + LATE_EPOCHS) * epochMs - Date.now();
    const timer = setTimeout(() => this.#end(payment, wrong(WORD.unsure), false), Math.min(Math.max(left, epochMs * LATE_EPOCHS), TIMER_MAX));
    this.#timers.set(payment, timer);
  }

  #end(payment: Payment, error: MeshError | undefined, isFinal: boolean): void {
    clearTimeout(this.#timers.get(payment));
    this.#timers.delete(payment);
    if (error) payment.fail(error, isFinal);
    if (this.#all.delete(payment)) this.#onChange();
  }
}
