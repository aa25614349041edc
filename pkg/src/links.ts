// The links of one node, by the engine's numbers.

import { type Bytes, concat } from './bytes.js';
import { Circuit } from './circuit.js';
import { DRAINED_STEP, PACKET_MAX } from './limits.js';
import { RtcLink } from './rtc-link.js';
import { SocketLink } from './socket-link.js';
import type { Hearer, Wire } from './wire.js';

/** A frame of this length is not joined with others: copying it costs more than a message of its own. */
const LONG = PACKET_MAX / 2;

/** What the links of a node tell it. */
export interface LinksHearer {
  onDescribed(link: number, description: Bytes): void;
  onUp(link: number): void;
  onBytes(link: number, bytes: Uint8Array): void;
  onSealed(link: number, frame: Bytes): void;
  onDrained(link: number, queued: number): void;
  onDown(link: number): void;
  /** No connection could be made: the page has its fill, or the browser makes none. */
  onRefused(why: 'full' | 'none'): void;
}

interface Held {
  readonly wire: Wire;
  /** Frames of this drain, to be joined. */
  frames: Bytes[];
  length: number;
  /** What the engine takes for waiting: what did when it was told last, and what was sent since. */
  believed: number;
}

export class Links {
  readonly #hearer: LinksHearer;
  readonly #configuration: RTCConfiguration;
  readonly #held = new Map<number, Held>();
  /** Links with frames that were not sent yet. */
  readonly #waiting = new Map<number, Held>();
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(configuration: RTCConfiguration, hearer: LinksHearer) {
    this.#configuration = configuration;
    this.#hearer = hearer;
  }

  /** Bytes of all messages so far, and how many links are open or being made. */
  get counts(): { sent: number; received: number; links: number } {
    return { sent: this.#bytesSent, received: this.#bytesReceived, links: this.#held.size };
  }

  /** Begins a link to the WebSocket `url`; none where there is no such address. */
  openSocket(link: number, url: string | undefined): void {
    this.#begin(link, () => (url === undefined ? undefined : new SocketLink(url, this.#hearerOf(link))));
  }

  /** Begins a WebRTC link: an offer, or the answer to `offer`. */
  openRtc(link: number, offer?: Bytes): void {
    this.#begin(link, () => {
      if (!('RTCPeerConnection' in globalThis)) {
        this.#hearer.onRefused('none');
        return undefined;
      }
      const wire = RtcLink.make(this.#configuration, this.#hearerOf(link));
      if (wire) void wire.describe(offer);
      else this.#hearer.onRefused('full');
      return wire;
    });
  }

  /** Begins a relayed link, or answers one whose other end has this public key. */
  openCircuit(link: number, peer?: Bytes): void {
    this.#begin(link, () => {
      const wire = new Circuit(this.#hearerOf(link));
      void wire.describe(peer);
      return wire;
    });
  }

  /** The other end's description or, of a relayed link, public key. */
  answered(link: number, answer: Bytes): void {
    const wire = this.#held.get(link)?.wire;
    if (wire instanceof RtcLink || wire instanceof Circuit) void wire.answered(answer);
  }

  /** A WebSocket's ends have agreed on keys: all that follows what was sent so far is sealed. */
  seal(link: number, peer: Bytes, transcript: Bytes, isDialler: boolean): void {
    const held = this.#held.get(link);
    if (!(held?.wire instanceof SocketLink)) return;
    this.#flush(link, held);
    held.wire.seal(peer, transcript, isDialler);
  }

  /** A sealed frame came for a relayed link. */
  unseal(link: number, frame: Bytes): void {
    const wire = this.#held.get(link)?.wire;
    if (wire instanceof Circuit) wire.unseal(frame);
  }

  /**
   * Sends a frame: a long one at once, others with those of the same drain at the next {@link flush}. It is copied if need be; it may
   * be a view of Wasm memory.
   */
  send(link: number, frame: Uint8Array): void {
    const held = this.#held.get(link);
    if (!held) return;
    // Every frame is sealed by itself, and counted by whoever carries it.
    if (held.wire instanceof Circuit) return held.wire.send(frame.slice() as Bytes);
    if (held.length + frame.length > PACKET_MAX) this.#flush(link, held);
    if (held.length === 0 && frame.length >= LONG) return this.#send(link, held, frame);
    held.frames.push(frame.slice());
    held.length += frame.length;
    this.#waiting.set(link, held);
  }

  /** The drain is over: everything goes out. */
  flush(): void {
    for (const [link, held] of this.#waiting) this.#flush(link, held);
    this.#waiting.clear();
  }

  close(link: number): void {
    const held = this.#held.get(link);
    if (!held) return;
    this.#flush(link, held);
    this.#drop(link);
    held.wire.close();
  }

  closeAll(): void {
    for (const link of [...this.#held.keys()]) this.close(link);
  }

  #begin(link: number, make: () => Wire | undefined): void {
    let wire: Wire | undefined;
    try {
      wire = make();
    } catch {
      // An address that the page's policy forbids, say.
    }
    if (wire) this.#held.set(link, { wire, frames: [], length: 0, believed: 0 });
    else this.#hearer.onDown(link);
  }

  #hearerOf(link: number): Hearer {
    return {
      onDescribed: (description) => this.#hearer.onDescribed(link, description),
      onUp: () => this.#hearer.onUp(link),
      onBytes: (bytes) => {
        this.#bytesReceived += bytes.length;
        // Of what is too long the engine sees that it is: its memory would grow by all of it, for good.
        this.#hearer.onBytes(link, bytes.subarray(0, PACKET_MAX + 1));
      },
      onSealed: (frame) => this.#hearer.onSealed(link, frame),
      onDrained: () => {
        const held = this.#held.get(link);
        if (held) this.#tellDrained(link, held);
      },
      onDown: () => {
        this.#drop(link);
        this.#hearer.onDown(link);
      },
    };
  }

  #flush(link: number, held: Held): void {
    const [first, ...others] = held.frames;
    if (!first) return;
    held.frames = [];
    held.length = 0;
    this.#send(link, held, others.length > 0 ? concat(first, ...others) : first);
  }

  #send(link: number, held: Held, bytes: Uint8Array): void {
    held.believed += bytes.length;
    this.#bytesSent += bytes.length;
    held.wire.send(bytes as Bytes);
    this.#tellDrained(link, held);
  }

  #tellDrained(link: number, held: Held): void {
    const { queued } = held.wire;
    if (held.believed - queued >= DRAINED_STEP) {
      held.believed = queued;
      this.#hearer.onDrained(link, queued);
    }
    if (held.believed >= DRAINED_STEP) held.wire.watch(held.believed - DRAINED_STEP);
  }

  #drop(link: number): void {
    this.#held.delete(link);
    this.#waiting.delete(link);
  }
}
