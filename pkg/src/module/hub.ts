// The modules of one mesh: which ports are open, who is linked, and which links are kept.

import { type Bytes, NO_BYTES, bytesOfKey, concat, hex, isEqual, keyOf, pieces, u32, utf8 } from '../bytes.js';
import type { Door, Hearer } from '../door.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import * as STATUS from '../status.js';
import { Verifier } from '../keys.js';
import * as INPUT from '../kinds/input.js';
import * as OUTPUT from '../kinds/output.js';
import { FAULT, fault } from './faults.js';
import * as flat from './flat.js';
import type { Guest } from './guest.js';
import { PORTS_MAX, VIEW_MAX } from './limits.js';
import type { Peer } from '../types.js';
import { Seat, type Ways } from './seat.js';

/** What a module signs begins with this, network and port: it means nothing to the overlay, or to other modules. */
const SIGNED = utf8('tabmesh module v1');

/** What the owner of a module hears. */
export interface Owner {
  onEvent(bytes: Bytes): void;
  onFault(fault: MeshError): void;
}

export class Hub implements Hearer {
  readonly #door: Door;
  readonly #verifier = new Verifier();
  readonly #seats = new Map<number, Seat>();
  /** The open ports of linked peers, by the keys of their ids; those that told theirs first come first. */
  readonly #open = new Map<string, { readonly id: Bytes; readonly ports: readonly string[] }>();
  #isDoubtful = false;
  #holding = '';

  static of(door: Door): Hub {
    if (!(door.modules instanceof Hub)) door.modules = new Hub(door);
    return door.modules as Hub;
  }

  private constructor(door: Door) {
    this.#door = door;
  }

  /** @throws MeshError Closed, PortTaken or NoModule */
  attach(port: number, version: number, guest: Guest, owner: Owner): Seat {
    if (this.#door.state === 'closed') throw new MeshError(CODE.closed);
    if (this.#seats.has(port) || this.#seats.size >= PORTS_MAX) throw fault(FAULT.portTaken);
    const { identity, network } = this.#door;
    try {
      guest.start(concat(identity.publicKey, network, u32(port), crypto.getRandomValues(new Uint8Array(32))));
    } catch (cause) {
      throw fault(FAULT.noModule, cause);
    }
    const seat: Seat = new Seat(port, version, guest, this.#ways(owner, () => seat));
    this.#seats.set(port, seat);
    this.#tellOpen();
    seat.viewed(this.#view(seat));
    return seat;
  }

  detach(seat: Seat): void {
    if (this.#seats.get(seat.port) !== seat) return;
    this.#seats.delete(seat.port);
    seat.end();
    this.#tellOpen();
    this.#tellHeld();
  }

  onEvent(kind: number, number: number, value: number, id: Bytes, bytes: Bytes): void {
    queueMicrotask(() => this.#take(kind, number, value, id, bytes));
  }

  onClock(): void {
    queueMicrotask(() => this.#each((seat) => seat.run()));
  }

  onClosed(): void {
    this.#each((seat) => seat.end());
    this.#seats.clear();
  }

  #take(kind: number, number: number, value: number, id: Bytes, bytes: Bytes): void {
    switch (kind) {
      case OUTPUT.said:
        return this.#seats.get(number)?.said(id, value > 255, bytes);
      case OUTPUT.asked:
        return this.#asked(number, value > 255, id, bytes);
      case OUTPUT.ports:
        this.#open.set(keyOf(id), { id, ports: pieces(bytes, 5).map(keyOf) });
        return this.#tellViews();
      case OUTPUT.peerUp:
        return this.#each((seat) => isHeld(seat, id) && this.#tellLinked(seat, id, this.#door.peers()));
      case OUTPUT.peerDown:
        this.#open.delete(keyOf(id));
        this.#tellViews();
        return this.#tellUnlinked(id, value);
      case OUTPUT.dialFailed:
        return this.#tellUnlinked(id, value);
      case OUTPUT.clock:
        this.#isDoubtful = value !== 0;
        return this.onClock();
      default:
    }
  }

  #asked(port: number, isProven: boolean, ticket: Bytes, bytes: Bytes): void {
    const seat = this.#seats.get(port);
    if (seat) seat.asked(ticket, isProven, bytes);
    // It was detached a moment ago. The port of applications is not a module's.
    else if (port !== 0) this.#door.input(INPUT.reply, STATUS.unavailable, ticket);
  }

  #ways(owner: Owner, seat: () => Seat): Ways {
    const { identity, network, operations, input } = this.#door;
    return {
      self: identity.id,
      isDoubtful: () => this.#isDoubtful,
      input,
      // Not in the middle of what the engine does.
      begin: (kind, bytes, end, message) => operations.begin(kind, bytes, (ended) => queueMicrotask(() => end(ended)), message),
      cancel: (op) => operations.cancel(op),
      sign: (bytes) => identity.sign(concat(SIGNED, network, u32(seat().port), bytes)),
      verify: (key, signature, bytes) => this.#verifier.holds(key, signature, bytes),
      askHere: (port, withinMs, bytes, end) => {
        const asked = this.#seats.get(port);
        if (asked) return asked.askedHere(seat().port, withinMs, bytes, end);
        end(STATUS.notImplemented, NO_BYTES, true);
        return () => undefined;
      },
      onHold: (fresh) => {
        this.#tellHeld();
        const peers = this.#door.peers();
        for (const id of fresh) this.#tellLinked(seat(), id, peers);
      },
      onEvent: (bytes) => queueMicrotask(() => owner.onEvent(bytes)),
      onFault: (cause) => {
        this.detach(seat());
        queueMicrotask(() => owner.onFault(fault(FAULT.moduleFailed, cause)));
      },
    };
  }

  #each(work: (seat: Seat) => void): void {
    for (const seat of [...this.#seats.values()]) work(seat);
  }

  #tellOpen(): void {
    this.#door.input(INPUT.open, 0, concat(...[...this.#seats.values()].map(entryOf)));
  }

  #tellHeld(): void {
    const held = new Set([...this.#seats.values()].flatMap((seat) => seat.held.map(keyOf)));
    held.delete(keyOf(this.#door.identity.id));
    const holding = [...held].join('');
    if (holding === this.#holding) return;
    this.#holding = holding;
    this.#door.input(INPUT.hold, 0, bytesOfKey(holding));
  }

  #tellViews(): void {
    this.#each((seat) => seat.viewed(this.#view(seat)));
  }

  #view(seat: Seat): Bytes[] {
    const entry = keyOf(entryOf(seat));
    const linked = [...this.#open.values()].filter(({ ports }) => ports.includes(entry));
    return linked.slice(0, VIEW_MAX).map(({ id }) => id);
  }

  #tellLinked(seat: Seat, id: Uint8Array, peers: Peer[]): void {
    const peer = peerOf(peers, id);
    if (peer) seat.hear(flat.linked(id, Math.round((peer.rttMs ?? 0) * 1000), peer.link === 'relayed'));
  }

  /** A link that another one has taken the place of is not lost. */
  #tellUnlinked(id: Bytes, reason: number): void {
    if (id.length > 0 && !peerOf(this.#door.peers(), id)) this.#each((seat) => isHeld(seat, id) && seat.hear(flat.unlinked(id, reason)));
  }

}

function peerOf(peers: Peer[], id: Uint8Array): Peer | undefined {
  const text = hex(id);
  return peers.find((peer) => peer.id === text);
}

/** An open port as peers are told of it. */
const entryOf = ({ port, version }: Seat): Bytes => concat(u32(port), Uint8Array.of(version));

const isHeld = ({ held }: Seat, id: Uint8Array): boolean => held.some((one) => isEqual(one, id));
