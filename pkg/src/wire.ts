// What a link is to the table of links, whatever it runs over.

import type { Bytes } from './bytes.js';

/** What a link tells. After `onDown` it tells nothing more, and is freed. */
export interface Hearer {
  onDescribed(description: Bytes): void;
  onUp(): void;
  onBytes(bytes: Uint8Array): void;
  /** A relayed link: a frame that was sent is sealed; the relay gets it. */
  onSealed(frame: Bytes): void;
  /** What waits has fallen to what {@link Wire.watch} asked for. */
  onDrained(): void;
  onDown(): void;
}

/** A connection that carries messages, in order. */
export interface Wire {
  /** Bytes that wait to be sent. */
  readonly queued: number;
  send(bytes: Bytes): void;
  /** Tells `onDrained` once no more than so many bytes wait; more do now. */
  watch(most: number): void;
  /** Sends what waits, then frees everything; tells nothing any more. */
  close(): void;
}
