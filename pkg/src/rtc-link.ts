// One link over WebRTC: one connection with one data channel, both ends of which are agreed beforehand.

import type { Bytes } from './bytes.js';
import { freeConnection, makeConnection } from './connections.js';
import { gathered } from './gather.js';
import { DIAL_MS, DRAINED } from './limits.js';
import type { Hearer, Wire } from './links.js';
import { compact, expand } from './sdp.js';

/** A channel that says goodbye gets this long to send what waits. */
const FLUSH_MS = 1500;

export class RtcLink implements Wire {
  readonly #connection: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #hearer: Hearer;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #isOver = false;

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
    channel.bufferedAmountLowThreshold = DRAINED - 1;
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
      await this.#connection.setLocalDescription();
      const description = compact((await gathered(this.#connection)) ?? '');
      if (!this.#isOver && description) this.#hearer.onDescribed(description);
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

  close(): void {
    if (this.#isOver) return;
    this.#forget();
    if (this.#channel.readyState !== 'open') return freeConnection(this.#connection);
    const end = (): void => {
      clearTimeout(timer);
      this.#channel.onclose = null;
      freeConnection(this.#connection);
    };
    const timer = setTimeout(end, FLUSH_MS);
    this.#channel.onclose = end;
    this.#channel.close();
  }

  async #setRemote(type: 'offer' | 'answer', description: Uint8Array): Promise<void> {
    const sdp = expand(description, type);
    if (sdp === undefined) throw new TypeError('the description is malformed');
    await this.#connection.setRemoteDescription({ type, sdp });
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#forget();
    freeConnection(this.#connection);
    this.#hearer.onDown();
  }

  /** Drops every handler, so that nothing keeps the connection from being collected. */
  #forget(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#connection.onconnectionstatechange = null;
    this.#connection.onicecandidate = null;
    this.#connection.onicegatheringstatechange = null;
    this.#channel.onopen = null;
    this.#channel.onmessage = null;
    this.#channel.onbufferedamountlow = null;
    this.#channel.onclose = null;
  }
}
