// The connection to a signalling server. Servers are tried in turn.

import type { Bytes } from './bytes.js';

/** A server that did not answer by then is passed over. */
const CONNECT_MS = 8000;

/** What waits for a server that does not read; beyond it the connection is given up, in bytes. */
const QUEUED_MAX = 262_144;

export interface SignalHearer {
  onUp(url: string): void;
  onBytes(bytes: Uint8Array): void;
  onDown(): void;
}

export class Signal {
  readonly #urls: readonly string[];
  readonly #hearer: SignalHearer;
  /** The server that is tried next. */
  #next = 0;
  #socket: WebSocket | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(urls: readonly string[], hearer: SignalHearer) {
    this.#urls = urls;
    this.#hearer = hearer;
  }

  /** Connects to the first server that answers; tells `onDown` when none does. */
  open(): void {
    this.close();
    this.#try(this.#urls.length);
  }

  send(bytes: Bytes): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(bytes);
    if (socket.bufferedAmount > QUEUED_MAX) {
      this.close();
      this.#hearer.onDown();
    }
  }

  /** Tells nothing any more, until the next {@link open}. */
  close(): void {
    clearTimeout(this.#deadline);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #try(left: number): void {
    const url = this.#urls[this.#next % this.#urls.length];
    if (left === 0 || url === undefined) return this.#hearer.onDown();
    const fail = (): void => {
      this.close();
      this.#next += 1;
      this.#try(left - 1);
    };
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      return fail();
    }
    this.#socket = socket;
    this.#deadline = setTimeout(fail, CONNECT_MS);
    socket.binaryType = 'arraybuffer';
    socket.onclose = fail;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#hearer.onBytes(new Uint8Array(data));
    };
    socket.onopen = () => {
      clearTimeout(this.#deadline);
      // The next time another one is asked, should this one go away.
      socket.onclose = () => {
        this.close();
        this.#next += 1;
        this.#hearer.onDown();
      };
      this.#hearer.onUp(url);
    };
  }
}
