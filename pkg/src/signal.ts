// The connection to a signalling server. Servers are tried in turn; what is wrong with one is told at once, with its address.

import type { Bytes } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';
import { type Policy, SIGNALLING, watchPolicy, whyNot } from './trouble.js';

/** A server that did not connect by then, or said nothing by then, is passed over. */
const CONNECT_MS = 8000;

/** What waits for a server that does not read; beyond it the connection is given up, in bytes. */
const QUEUED_MAX = 262_144;

/** The longest message of a signalling server, in bytes; of a longer one the engine sees so much, and that it is none. */
const MESSAGE_MAX = 16_384;

/** The trouble with one server is looked into again after this. */
const AGAIN_MS = 30_000;

export interface SignalHearer {
  onUp(url: string): void;
  onBytes(bytes: Uint8Array): void;
  onDown(): void;
  /** A server cannot be used: SignalUnreachable, or SignalForbidden where trying again is of no use. */
  onTrouble(trouble: MeshError): void;
  /** None of the servers may be used from this page. */
  onHopeless(trouble: MeshError): void;
}

export class Signal {
  readonly #urls: readonly string[];
  readonly #hearer: SignalHearer;
  /** When the trouble with each server was looked into last. */
  readonly #asked = new Map<string, number>();
  readonly #forbidden = new Set<string>();
  /** The server that is tried next. */
  #next = 0;
  #socket: WebSocket | undefined;
  #policy: Policy | undefined;
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
    this.#policy?.end();
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    for (const event of ['onopen', 'onmessage', 'onerror', 'onclose'] as const) socket[event] = null;
    socket.close();
  }

  #try(left: number): void {
    const url = this.#urls[this.#next % this.#urls.length];
    if (left === 0 || url === undefined) return this.#hearer.onDown();
    const policy = (this.#policy = watchPolicy(url));
    const pass = (): void => {
      this.close();
      this.#next += 1;
      this.#try(left - 1);
    };
    const fail = (): void => {
      // Whoever looks into it watches on for a moment.
      this.#policy = undefined;
      void this.#lookInto(url, policy);
      pass();
    };
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      policy.refusal = 'a page that came over https:// may only open wss://';
      return fail();
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.#deadline = setTimeout(() => {
      const what = socket.readyState === WebSocket.OPEN ? 'it opened, but said nothing' : 'no answer came';
      this.#tell(url, `${what} within ${CONNECT_MS / 1000} s`);
      if (socket.readyState !== WebSocket.OPEN) return pass();
      this.#lose();
    }, CONNECT_MS);
    // Where the page's policy forbids it, Chromium tells an error and never closes.
    socket.onerror = fail;
    socket.onclose = fail;
    let isHeard = false;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      clearTimeout(this.#deadline);
      isHeard = true;
      if (data instanceof ArrayBuffer) this.#hearer.onBytes(new Uint8Array(data).subarray(0, MESSAGE_MAX + 1));
    };
    socket.onopen = () => {
      policy.end();
      this.#asked.delete(url);
      socket.onerror = null;
      socket.onclose = ({ code, reason }) => {
        // Its own words: without what would change how the line reads or runs.
        if (!isHeard) this.#tell(url, `it hung up at once, ${code} ${reason.replace(/\p{C}/gu, ' ')}`);
        this.#lose();
      };
      this.#hearer.onUp(url);
    };
  }

  /** A server that was there is gone: the next time another one is asked. */
  #lose(): void {
    this.close();
    this.#next += 1;
    this.#hearer.onDown();
  }

  async #lookInto(url: string, policy: Policy): Promise<void> {
    const now = performance.now();
    if (now - (this.#asked.get(url) ?? -Infinity) < AGAIN_MS) return policy.end();
    this.#asked.set(url, now);
    const { isForbidden, what } = await whyNot(url, SIGNALLING, policy);
    if (!isForbidden) return void this.#tell(url, what);
    const trouble = this.#tell(url, what, CODE.signalForbidden);
    if (this.#forbidden.add(url).size === new Set(this.#urls).size) this.#hearer.onHopeless(trouble);
  }

  #tell(url: string, what: string, code: number = CODE.signalUnreachable): MeshError {
    const trouble = new MeshError(code, `${url}: ${what}`);
    this.#hearer.onTrouble(trouble);
    return trouble;
  }
}
