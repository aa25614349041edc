// One stream of a page.

import { type Bytes, kindOf, utf8, viewOf } from '../bytes.js';
import type { MeshError } from '../errors.js';
import * as STATUS from '../status.js';
import * as face from './face.js';
import type { MeshStream } from './types.js';
import { ended, notTaken, reset } from './words.js';

/** What comes waits here until it is read; the module lets no more than a window come. */
export class Stream {
  readonly shown: MeshStream;
  readonly #number: number;
  readonly #say: (command: face.Command) => void;
  readonly #came: Bytes[] = [];
  #writable: WritableStreamDefaultController | undefined;
  #room = 0;
  /** The other end has written all, or there is nothing more to come. */
  #hasFinished = false;
  #error: MeshError | undefined;
  #isOver = false;
  /** This end broke it off. */
  #isReset = false;
  /** What waits for bytes, or for room. */
  #reader = (): void => undefined;
  #writer = (): void => undefined;
  #resolve = (): void => undefined;
  #reject: (error: MeshError) => void = () => undefined;

  constructor(number: number, peer: string, name: string, say: (command: face.Command) => void) {
    this.#number = number;
    this.#say = say;
    const closed = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not look at it hears of the end by the ways.
    closed.catch(() => undefined);
    this.shown = {
      peer,
      name,
      closed,
      abort: () => this.#reset(),
      readable: new ReadableStream({ pull: (controller) => this.#pull(controller), cancel: () => this.#reset() }, { highWaterMark: 0 }),
      writable: new WritableStream({
        start: (controller) => {
          this.#writable = controller;
          // A write that waits for room would keep `abort` below waiting; an error would make of it one that fails.
          controller.signal.addEventListener('abort', () => {
            this.#writable = undefined;
            this.#reset();
          });
        },
        write: (data) => this.#write(data),
        close: () => this.#isOver || this.#say(face.finish(this.#number)),
        abort: () => this.#reset(),
      } as UnderlyingSink<ArrayBufferLike | ArrayBufferView | string>),
    };
  }

  came(bytes: Bytes): void {
    this.#came.push(bytes);
    this.#reader();
  }

  finished(): void {
    this.#hasFinished = true;
    this.#reader();
  }

  room(bytes: number): void {
    this.#room += bytes;
    this.#writer();
  }

  /** The last that is heard of it. */
  ended(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (status === STATUS.ok) this.#resolve();
    else this.#reject((this.#error = this.#isReset ? reset() : ended(status)));
    // Whoever pipes into it hears at once, without writing.
    if (this.#error) this.#writable?.error(this.#error);
    this.#reader();
    this.#writer();
  }

  #reset(): void {
    if (this.#isOver) return;
    this.#isReset = true;
    this.#say(face.reset(this.#number, STATUS.unavailable));
  }

  async #pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    while (this.#came.length === 0 && !this.#hasFinished && !this.#isOver) await new Promise<void>((resolve) => (this.#reader = resolve));
    const bytes = this.#came.shift();
    if (bytes) {
      controller.enqueue(bytes);
      if (!this.#isOver) this.#say(face.read(this.#number, bytes.length));
    } else if (this.#error && !this.#hasFinished) {
      throw this.#error;
    }
    if (this.#came.length === 0 && this.#hasFinished) controller.close();
  }

  async #write(data: unknown): Promise<void> {
    const bytes = typeof data === 'string' ? utf8(data) : viewOf(data);
    if (!bytes) {
      // The platform breaks `writable` for good and says nothing more: the other end would wait for ever.
      this.#reset();
      throw notTaken(`this is of type ${kindOf(data)}`);
    }
    for (let at = 0; at < bytes.length;) {
      while (this.#room === 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#writer = resolve));
      if (this.#isOver) throw this.#error ?? ended(STATUS.unavailable);
      const piece = bytes.subarray(at, at + this.#room);
      at += piece.length;
      this.#room -= piece.length;
      this.#say(face.write(this.#number, piece));
    }
  }
}
