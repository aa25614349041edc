// One link over a WebSocket, sealed once both ends have proved themselves.

import { type Bytes, concat, utf8 } from './bytes.js';
import { DIAL_MS } from './limits.js';
import { Seal } from './seal.js';
import type { Hearer, Wire } from './wire.js';

const INFO = utf8('tabmesh socket v2');

/** A WebSocket has no event for an emptying queue: it is looked at this often, and whenever something comes. */
const LOOK_MS = 15;

export class SocketLink implements Wire {
  readonly #socket: WebSocket;
  readonly #hearer: Hearer;
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #seal = new Seal();
  #isSealed = false;
  #isOver = false;
  /** Bytes that are being sealed. */
  #sealing = 0;
  #look: ReturnType<typeof setInterval> | undefined;
  #most = 0;

  /** @throws DOMException if the page may not open this address */
  constructor(url: string, hearer: Hearer) {
    this.#hearer = hearer;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#deadline = setTimeout(() => this.#fail(), DIAL_MS);
    this.#socket.onopen = () => {
      clearTimeout(this.#deadline);
      hearer.onUp();
    };
    this.#socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return this.#fail();
      this.#receive(new Uint8Array(data));
      // Timers of a hidden tab run once a second.
      if (this.#look !== undefined) this.#onLook();
    };
    // What came before the end is heard before it. Where the page's policy forbids an address there is an error, and no end.
    this.#socket.onerror = this.#socket.onclose = () => void this.#seal.opened.then(() => this.#fail());
    void this.#describe();
  }

  get queued(): number {
    return this.#socket.bufferedAmount + this.#sealing;
  }

  /** Every message after those sent so far is sealed, and so is every one that comes after those that came. */
  seal(peer: Bytes, transcript: Bytes, isDialler: boolean): void {
    this.#isSealed = true;
    // No point of the curve: nothing opens then, and the first message ends the link.
    this.#seal.complete(peer, concat(INFO, transcript), isDialler).catch(() => this.#fail());
  }

  send(bytes: Bytes): void {
    if (this.#isSealed) {
      const { length } = bytes;
      this.#sealing += length;
      // It may be a view of Wasm memory.
      this.#seal.seal(bytes.slice(), (sealed) => {
        this.#sealing -= length;
        if (sealed) this.#send(sealed);
      });
    } else {
      this.#send(bytes);
    }
  }

  watch(most: number): void {
    this.#most = most;
    this.#look ??= setInterval(() => this.#onLook(), LOOK_MS);
  }

  /** What was sent goes out before the closing frame does. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#look);
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onerror = null;
    this.#socket.onclose = null;
    void this.#seal.sealed.then(() => this.#socket.close());
  }

  async #describe(): Promise<void> {
    const key = await this.#seal.publicKey();
    if (!this.#isOver) this.#hearer.onDescribed(key);
  }

  #receive(bytes: Bytes): void {
    if (!this.#isSealed) return this.#hearer.onBytes(bytes);
    this.#seal.open(bytes, (opened) => {
      if (this.#isOver) return;
      if (opened) this.#hearer.onBytes(opened);
      else this.#fail();
    });
  }

  #send(bytes: Bytes): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  #onLook(): void {
    if (this.queued > this.#most) return;
    clearInterval(this.#look);
    this.#look = undefined;
    this.#hearer.onDrained();
  }

  #fail(): void {
    if (this.#isOver) return;
    this.close();
    this.#hearer.onDown();
  }
}
