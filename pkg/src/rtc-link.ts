// One link over WebRTC: one connection with one data channel, both ends of which are agreed beforehand.

import type { Bytes } from './bytes.js';
import { freeConnection, makeConnection } from './connections.js';
import { gathered, gathering } from './gather.js';
import { DIAL_MS } from './limits.js';
import { compact, expand } from './sdp.js';
import type { Hearer, Wire } from './wire.js';

/** A channel that says goodbye gets this long to send what waits. */
const FLUSH_MS = 1500;

export class RtcLink implements Wire {
  readonly #connection: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #hearer: Hearer;
  readonly #deadline: ReturnType<typeof setTimeout>;
  /** What the browser is in the middle of. */
  #working: Promise<void> = Promise.resolve();
  readonly #over = new AbortController();

  /** `undefined` when the page has all the connections it can have. */
  static make(configuration: RTCConfiguration, hearer: Hearer): RtcLink | undefined {
    const connection = makeConnection(configuration);
    return connection && new RtcLink(connection, hearer);
  }

  private constructor(connection: RTCPeerConnection, hearer: Hearer) {
    this.#connection = connection;
    this.#hearer = hearer;
    this.#deadline = setTimeout(() => this.#fail(), DIAL_MS);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'failed') this.#fail();
    };
    const channel = connection.createDataChannel('tabmesh', { negotiated: true, id: 0, ordered: true });
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => {
      clearTimeout(this.#deadline);
      hearer.onUp();
    };
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) hearer.onBytes(new Uint8Array(data));
      else this.#fail();
    };
    channel.onbufferedamountlow = () => hearer.onDrained();
    channel.onclose = () => this.#fail();
    this.#channel = channel;
  }

  /** Makes an offer, or an answer to `offer`, and tells the description. */
  async describe(offer?: Uint8Array): Promise<void> {
    try {
      if (offer) await this.#setRemote('offer', offer);
      await this.#work(() => this.#connection.setLocalDescription(), () => gathering(this.#connection));
      const description = compact((await gathered(this.#connection, this.#over.signal)) ?? '');
      if (!this.#over.signal.aborted && description) this.#hearer.onDescribed(description);
      else this.#fail();
    } catch {
      // The other end's description is no good, or the link was closed meanwhile.
      this.#fail();
    }
  }

  /** Takes the answer to the offer that {@link describe} made. */
  async answered(answer: Uint8Array): Promise<void> {
    try {
      await this.#setRemote('answer', answer);
    } catch {
      this.#fail();
    }
  }

  get queued(): number {
    return this.#channel.bufferedAmount;
  }

  send(bytes: Bytes): void {
    if (this.#channel.readyState !== 'open') return;
    try {
      this.#channel.send(bytes);
    } catch {
      // The browser's queue is full, far beyond what the engine lets wait: the peer does not read.
      this.#fail();
    }
  }

  watch(most: number): void {
    this.#channel.bufferedAmountLowThreshold = most;
  }

  close(): void {
    if (this.#over.signal.aborted) return;
    this.#forget();
    if (this.#channel.readyState !== 'open') return this.#free();
    const end = (): void => {
      clearTimeout(timer);
      this.#channel.onclose = null;
      this.#free();
    };
    const timer = setTimeout(end, FLUSH_MS);
    this.#channel.onclose = end;
    this.#channel.close();
  }

  async #setRemote(type: 'offer' | 'answer', description: Uint8Array): Promise<void> {
    const sdp = expand(description, type);
    if (sdp === undefined) throw new TypeError('the description is malformed');
    await this.#work(() => this.#connection.setRemoteDescription({ type, sdp }));
  }

  /** Begins some work, which is followed by some more that nobody but {@link #free} waits for. */
  async #work(begin: () => Promise<void>, follow = (): Promise<void> => Promise.resolve()): Promise<void> {
    this.#over.signal.throwIfAborted();
    const work = begin();
    this.#working = work.then(follow, () => undefined);
    await work;
  }

  /** Closes the connection, but not before it has begun to gather: Chromium would never collect it. */
  #free(): void {
    void this.#working.then(() => freeConnection(this.#connection));
  }

  #fail(): void {
    if (this.#over.signal.aborted) return;
    this.#forget();
    this.#free();
    this.#hearer.onDown();
  }

  /** Drops every handler, so that nothing keeps the connection from being collected. */
  #forget(): void {
    this.#over.abort();
    clearTimeout(this.#deadline);
    this.#connection.onconnectionstatechange = null;
    this.#channel.onopen = null;
    this.#channel.onmessage = null;
    this.#channel.onbufferedamountlow = null;
    this.#channel.onclose = null;
  }
}
