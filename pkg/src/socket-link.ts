// One link over a WebSocket.

import type { Bytes } from './bytes.js';
import { DIAL_MS, DRAINED } from './limits.js';
import type { Hearer, Wire } from './wire.js';

/** A WebSocket has no event for an emptying queue: it is looked at this often while it is long. */
const LOOK_MS = 15;

export class SocketLink implements Wire {
  readonly #socket: WebSocket;
  readonly #hearer: Hearer;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #look: ReturnType<typeof setInterval> | undefined;

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
      if (data instanceof ArrayBuffer) hearer.onBytes(new Uint8Array(data));
      else this.#fail();
    };
    // Where the page's policy forbids it, Chromium tells an error and never closes.
    this.#socket.onerror = () => this.#fail();
    this.#socket.onclose = () => this.#fail();
  }

  get queued(): number {
    return this.#socket.bufferedAmount;
  }

  send(bytes: Bytes): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(bytes);
    if (this.#look === undefined && this.queued >= DRAINED) this.#look = setInterval(() => this.#onLook(), LOOK_MS);
  }

  /** What was sent goes out before the closing frame does. */
  close(): void {
    this.#forget();
    this.#socket.close();
  }

  #onLook(): void {
    if (this.queued >= DRAINED) return;
    clearInterval(this.#look);
    this.#look = undefined;
    this.#hearer.onDrained();
  }

  #fail(): void {
    this.close();
    this.#hearer.onDown();
  }

  #forget(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#look);
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onerror = null;
    this.#socket.onclose = null;
  }
}
