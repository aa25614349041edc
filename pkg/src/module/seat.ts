// Drives one module: hands in what it is told, and does what it wishes. All that it says is said on its port.

import { type Bytes, NO_BYTES, concat, isEqual, keyOf } from '../bytes.js';
import * as STATUS from '../status.js';
import * as INPUT from '../kinds/input.js';
import { MESSAGE_MAX } from '../limits.js';
import { Asks, type AsksWays } from './asks.js';
import * as flat from './flat.js';
import { type Guest, ROOM } from './guest.js';
import { HELD_MAX, INPUTS_A_TASK, INPUTS_MAX, OUTPUTS_A_TASK, RECEIVERS_MAX, TELL_MAX } from './limits.js';
import { Task } from './task.js';
import { withinOf } from '../tickets.js';
import { type EndHere, Tickets, type Way, isHere } from './tickets.js';

/** Less is no setting of the clock, in milliseconds. */
const JUMP_MS = 2000;

/** The longest wait of a timer, in milliseconds; one that comes early does no harm. */
const TIMER_MAX = 2 ** 31 - 1;

/** Room for all outputs but those that are to be answered: a bit for each kind. */
const WITHOUT_ASKS = [flat.ASK, flat.LIST, flat.ASK_HERE].reduce((room, kind) => room & ~(1n << BigInt(kind)), ROOM);

/** What a seat has others do. */
export interface Ways extends AsksWays {
  /** The wall clock is not what the neighbours' clocks say. */
  isDoubtful(): boolean;
  input(kind: number, number: number, bytes: Bytes): void;
  sign(bytes: Bytes): Promise<Bytes>;
  verify(key: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean>;
  /** The module holds other nodes than before; these are new. */
  onHold(fresh: readonly Uint8Array[]): void;
  onEvent(bytes: Bytes): void;
  /** The module did what it may not do, or stopped: it is to be detached. */
  onFault(cause: unknown): void;
}

export class Seat {
  readonly port: number;
  readonly version: number;
  /** It was detached. */
  isOver = false;
  /** Nodes that the module holds. */
  held: readonly Uint8Array[] = [];
  readonly #guest: Guest;
  readonly #ways: Ways;
  /** What waits to be handed in, made when it is. */
  readonly #inputs: (() => flat.Parts)[] = [];
  readonly #asks: Asks;
  readonly #tickets = new Tickets();
  #view: string | undefined;
  #views = 0;
  /** Wall time minus the page's clock, and whether that is doubtful: as told last. */
  #clock: readonly [offset: number, isDoubtful: boolean] = [-Infinity, false];
  #isBusy = false;
  /** Inputs and outputs of this task of the page. */
  #inputsDone = 0;
  #outputsDone = 0;
  readonly #nextTask = new Task(() => this.#onTask());
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(port: number, version: number, guest: Guest, ways: Ways) {
    this.port = port;
    this.version = version;
    this.#guest = guest;
    this.#ways = ways;
    this.#asks = new Asks(port, ways, (input) => this.#hear(input));
  }

  /** Hands something in, now or behind what waits. */
  hear(input: flat.Parts): void {
    this.#hear(() => input);
  }

  /** The same of what others may change later: it is copied if it has to wait. */
  lend(input: flat.Parts): void {
    let [parts, isIn] = [input, false];
    this.#hear(() => {
      isIn = true;
      return parts;
    });
    if (!isIn) parts = parts.map((part) => part.slice());
  }

  said(from: Bytes, isProven: boolean, bytes: Bytes): void {
    if (this.#inputs.length < INPUTS_MAX) this.hear(flat.said(from, isProven, bytes));
  }

  /** `ticket` says by whom, how long its answer is waited for, and the way back. */
  asked(ticket: Bytes, isProven: boolean, bytes: Bytes): void {
    const withinMs = withinOf(ticket);
    const [number, refused] = this.#inputs.length < INPUTS_MAX ? this.#tickets.add(ticket, withinMs) : [undefined, ticket];
    if (refused) this.#ways.input(INPUT.reply, STATUS.tooManyRequests, refused);
    if (number !== undefined) this.hear(flat.asked(ticket.slice(0, 32), isProven, number, withinMs, bytes));
  }

  /** Another module of this node asks; what this gives takes the question back. It waits for its turn whatever other nodes say. */
  askedHere(port: number, withinMs: number, bytes: Bytes, end: EndHere): () => void {
    const way = { port, end };
    const [number, refused] = this.#tickets.addHere(way, withinMs);
    refused?.end(STATUS.tooManyRequests, NO_BYTES, true);
    if (number === undefined) return () => undefined;
    const input = (): flat.Parts => flat.askedHere(port, number, withinMs, bytes);
    this.#hear(input);
    return () => {
      this.#tickets.forget(way);
      const at = this.#inputs.indexOf(input);
      if (at >= 0) this.#inputs.splice(at, 1);
    };
  }

  /** The nodes whose modules of this port are linked; the module is told if they are others than before. */
  viewed(ids: readonly Uint8Array[]): void {
    const view = ids.map(keyOf).join('');
    if (view === this.#view) return;
    this.#view = view;
    this.#views += 1;
    this.hear(flat.view(this.#views, ids));
  }

  /** Hands in what waits, and does what the module wants, until nothing is left. */
  run(): void {
    if (this.#isBusy || this.isOver) return;
    this.#isBusy = true;
    this.#nextTask.want();
    try {
      // What is left is for the next task, so that the page goes on too.
      if (!this.#drive()) return;
      this.#arm();
      this.#isBusy = false;
    } catch (cause) {
      this.#ways.onFault(cause);
    }
  }

  /** The module is gone: nobody waits for what it asked, and who asked it hears that. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#timer);
    this.#nextTask.close();
    this.#inputs.length = 0;
    this.#asks.close();
    for (const way of this.#tickets.all) this.#answer(way, STATUS.unavailable, NO_BYTES, true);
  }

  #hear(input: () => flat.Parts): void {
    this.#inputs.push(input);
    this.run();
  }

  #onTask(): void {
    const isPaused = this.#isBusy;
    [this.#inputsDone, this.#outputsDone, this.#isBusy] = [0, 0, false];
    if (isPaused) this.run();
  }

  /** Whether nothing is left. */
  #drive(): boolean {
    // It may be detached in the middle of what it wants.
    while (!this.isOver && this.#inputsDone < INPUTS_A_TASK && this.#outputsDone < OUTPUTS_A_TASK) {
      const output = this.#guest.poll(this.#asks.hasRoom ? ROOM : WITHOUT_ASKS);
      if (output) {
        this.#grant(flat.read(output));
        this.#outputsDone += 1;
      } else {
        const input = this.#news() ?? this.#inputs.shift()?.();
        if (!input) return true;
        this.#guest.handle(performance.now(), input);
        this.#inputsDone += 1;
      }
    }
    return false;
  }

  /** The clock, if it is another one than was told. */
  #news(): flat.Parts | undefined {
    const [told, wasDoubtful] = this.#clock;
    const [wall, isDoubtful] = [Date.now(), this.#ways.isDoubtful()];
    const offset = wall - performance.now();
    if (Math.abs(offset - told) < JUMP_MS && isDoubtful === wasDoubtful) return undefined;
    this.#clock = [offset, isDoubtful];
    return flat.clock(wall, isDoubtful);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const atMs = this.isOver ? Infinity : this.#guest.wantedAtMs;
    if (atMs === Infinity) return;
    this.#timer = setTimeout(() => this.hear(flat.TIME), Math.min(Math.max(0, atMs - performance.now()), TIMER_MAX));
  }

  #grant(output: flat.Output): void {
    switch (output.kind) {
      case 'tell':
        return this.#tell(output.to, output.bytes);
      case 'ask':
        return this.#asks.begin(output.op, output.to, output.withinMs, output.bytes);
      case 'list':
        return this.#asks.list(output.op, output.place, output.stays, output.withinMs);
      case 'askHere':
        return this.#asks.here(output.op, output.port, output.withinMs, output.bytes);
      case 'reply':
        return this.#reply(output.ticket, output.status, output.bytes);
      case 'cancel':
        return this.#asks.cancel(output.op);
      case 'hold':
        return this.#hold(output.ids);
      case 'sign':
        return this.#work(output.job, this.#ways.sign(output.bytes), (signature) => flat.signed(output.job, signature));
      case 'verify':
        return this.#work(output.job, this.#ways.verify(output.key, output.signature, output.bytes), (holds) => flat.verified(output.job, holds));
      case 'event':
        return this.#ways.onEvent(output.bytes);
    }
  }

  #tell(to: readonly Uint8Array[], bytes: Bytes): void {
    if (to.length > RECEIVERS_MAX || bytes.length > TELL_MAX) return;
    for (const id of to) if (!isEqual(id, this.#ways.self)) this.#ways.input(INPUT.tell, this.port, concat(id, bytes));
  }

  #reply(number: number, status: number, bytes: Bytes): void {
    const way = this.#tickets.take(number);
    if (!way) return;
    const isShort = bytes.length <= MESSAGE_MAX;
    this.#answer(way, isShort ? status : STATUS.badRequest, isShort ? bytes : NO_BYTES, false);
  }

  #answer(way: Way, status: number, bytes: Bytes, isOver: boolean): void {
    if (isHere(way)) way.end(status, bytes, isOver);
    else this.#ways.input(INPUT.reply, status, concat(way, bytes));
  }

  #hold(ids: readonly Uint8Array[]): void {
    const before = new Set(this.held.map(keyOf));
    this.held = ids.slice(0, HELD_MAX);
    this.#ways.onHold(this.held.filter((id) => !before.has(keyOf(id))));
  }

  #work<T>(job: number, work: Promise<T>, told: (result: T) => flat.Parts): void {
    work.then((result) => this.hear(told(result)), () => this.hear(flat.failed(job)));
  }
}
