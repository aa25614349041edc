// What takes part in a tag sees.

import type { MeshError } from '../errors.js';
import type { AttachOptions } from '../module/types.js';
import type { MessageData } from '../types.js';

/** What a member told all. */
export interface Published {
  /** Whose, by its signature. */
  readonly from: string;
  /** Which run of that member: a page that is reloaded counts anew. */
  readonly run: number;
  /** Counts up in a run, from 1. */
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a member told this one. */
export interface Received {
  /** Who says so. */
  readonly from: string;
  /** Its own link brought it; else those who passed it on say so. */
  readonly isProven: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The members as this one sees them, by their ids. */
export interface Members {
  /** Those linked to this one, the nearest first. */
  readonly linked: string[];
  /** Those that somebody named and that did not answer yet. */
  readonly named: string[];
}

export interface TagOptions {
  /** The `.wasm` of `core-wasm/tag`: where it lies, its bytes, or compiled. Default: where the package has it. */
  module?: AttachOptions['module'];
  /** Hears what members tell all, each once. */
  onPublished?(message: Published): void;
  /** Hears what members tell this one. */
  onReceived?(message: Received): void;
  /** Hears who is linked when that changes, at most once a second. */
  onMembers?(members: Members): void;
  /** Hears that the module stopped by a bug. Default: it is reported as an error that nobody caught. */
  onFault?(fault: MeshError): void;
}

/** Membership of a tag. */
export interface Tag {
  readonly name: string;
  /** The members as told last. */
  readonly members: Members;
  /**
   * Tells all members, at most 879 bytes. Resolves once it is signed and on its way to those linked.
   *
   * @throws MeshError TooLong, Unavailable (nobody is linked), TooManyRequests (more than 4 under way) or Detached
   */
  publish(data: MessageData): Promise<void>;
  /**
   * Tells one member, at most 949 bytes. Resolves once it was delivered, by the word of those who passed it on.
   *
   * @throws MeshError BadId, TooLong, Unavailable (no way to it), TooManyRequests, TimedOut (it may have happened) or Detached
   */
  send(to: string, data: MessageData): Promise<void>;
  /** Tells the member closest to a key of 64 hexadecimal digits, which may be this one; else as {@link send}. */
  sendClosest(key: string, data: MessageData): Promise<void>;
  /** Ends membership. What is under way fails as Detached. */
  close(): void;
}
