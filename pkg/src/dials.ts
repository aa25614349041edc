// The dials of peers' addresses that the application gave: what is wrong with one is told once, with the address and the reason, until a
// peer proves itself there.

import * as CODE from './codes.js';
import { MeshError, reasonOf } from './errors.js';
import { PEER, type Policy, watchPolicy, whyNot } from './trouble.js';

/** A dial that takes longer is told, and goes on. */
const LATE_MS = 8000;

/** Reasons of the engine after which nothing is wrong with an address: the other end leaves, or there is a better link to it. */
const FINE: readonly number[] = [1, 2, 3];

/** Reasons that say by themselves what is wrong: a key, a level, a network, no room, a version. */
const PLAIN: readonly number[] = [8, 9, 10, 11, 14];

const LATE: readonly number[] = [4, 5];

const UNANSWERED = 'no answer came in time; check host and port, and that a peer of tabmesh runs there';
const NO_PEER = 'what answers there is no peer of tabmesh, or none that speaks with this tab; check that it is no signalling server';

interface Dial {
  readonly url: string;
  readonly policy: Policy;
  readonly timer: ReturnType<typeof setTimeout>;
  isOpen: boolean;
}

export class Dials {
  readonly #onTrouble: (trouble: MeshError) => void;
  /** By their links. */
  readonly #dials = new Map<number, Dial>();
  /** Addresses whose trouble was told. */
  readonly #told = new Set<string>();
  /** Dials that the engine ended, until it says why: it says the one with the link's number and the other, right after it, without. */
  #ended: string[] = [];

  constructor(onTrouble: (trouble: MeshError) => void) {
    this.#onTrouble = onTrouble;
  }

  begin(link: number, url: string): void {
    const timer = setTimeout(() => this.#tell(url, UNANSWERED), LATE_MS);
    this.#dials.set(link, { url, policy: watchPolicy(url), timer, isOpen: false });
  }

  /** The connection is open; nobody has proved a key yet. */
  opened(link: number): void {
    const dial = this.#dials.get(link);
    if (dial) dial.isOpen = true;
  }

  /** A peer proved itself. */
  proved(link: number): void {
    const dial = this.#end(link);
    if (dial) this.#told.delete(dial.url);
  }

  /** The connection did not open, or broke. */
  down(link: number): void {
    const dial = this.#dials.get(link);
    if (!dial) return;
    this.#end(link, !dial.isOpen);
    if (dial.isOpen) this.#tell(dial.url, NO_PEER);
    else void this.#lookInto(dial);
  }

  /** The engine closed the link. */
  closed(link: number): void {
    const dial = this.#end(link);
    if (dial) this.#ended.push(dial.url);
  }

  /** The engine says why a dial failed: of the address that it closed just now, or of none. */
  failed(reason: number): void {
    const ended = this.#ended;
    this.#ended = [];
    if (FINE.includes(reason)) return;
    const plain = PLAIN.includes(reason) ? new MeshError(reasonOf(reason)).message : NO_PEER;
    for (const url of ended) this.#tell(url, LATE.includes(reason) ? UNANSWERED : plain);
  }

  /** The engine has said all. */
  drained(): void {
    this.#ended = [];
  }

  /** The mesh is closed. */
  close(): void {
    this.#told.clear();
    for (const link of [...this.#dials.keys()]) this.#end(link);
  }

  #end(link: number, isWatched = false): Dial | undefined {
    const dial = this.#dials.get(link);
    if (!dial) return undefined;
    this.#dials.delete(link);
    clearTimeout(dial.timer);
    if (!isWatched) dial.policy.end();
    return dial;
  }

  async #lookInto({ url, policy }: Dial): Promise<void> {
    if (this.#told.has(url)) return policy.end();
    this.#told.add(url);
    const { what } = await whyNot(url, PEER, policy);
    // A peer proved itself there meanwhile, or the mesh is closed.
    if (!this.#told.has(url)) return;
    this.#onTrouble(new MeshError(CODE.peerUnreachable, `${url}: ${what}`));
  }

  #tell(url: string, what: string): void {
    if (this.#told.has(url)) return;
    this.#told.add(url);
    this.#onTrouble(new MeshError(CODE.peerUnreachable, `${url}: ${what}`));
  }
}
