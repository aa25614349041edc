// Does what the engine wants done, and tells it what happened. It decides nothing: the engine does.

import { Addresses } from './addresses.js';
import { type Bytes, hex, pieces, sha256, textOf, u32, utf8 } from './bytes.js';
import { Clock } from './clock.js';
import * as CODE from './codes.js';
import { Engine } from './engine.js';
import { Dials } from './dials.js';
import { MeshError, reasonOf, refusalOf } from './errors.js';
import type { Door, Hearer } from './door.js';
import type { Events } from './events.js';
import { Jobs } from './jobs.js';
import type { Identity } from './keys.js';
import * as INPUT from './kinds/input.js';
import * as OUTPUT from './kinds/output.js';
import { Links, type LinksHearer } from './links.js';
import { Operations } from './operations.js';
import type { Settled } from './options.js';
import { Questions } from './questions.js';
import { Signal } from './signal.js';
import type { Storage } from './storage.js';
import { Topics } from './topics.js';
import type { Mesh, Peer } from './types.js';

/** The same fault is told again after this. */
const FAULT_AGAIN_MS = 30_000;

/** Faults that are remembered for that; the one told longest ago goes. */
const FAULTS_MAX = 32;

const LINKS = ['webrtc', 'websocket', 'relayed'] as const;
const PROFILES = ['browser', 'native', 'device'] as const;

export class Shell implements Door {
  state: Mesh['state'] = 'joining';
  /** There is no way to join. */
  onHopeless: (why: MeshError) => void = () => undefined;
  /** What stood in the way of links last. */
  hindrance: MeshError | undefined;
  /** Modules are attached: they hear what happens. */
  modules: Hearer | undefined;
  readonly identity: Identity;
  readonly network: Bytes;
  /** The engine may be gone already. */
  readonly input = (kind: number, number?: number, bytes?: Uint8Array): void => this.#engine?.input(kind, number, bytes);
  readonly operations: Operations;
  readonly questions: Questions;
  readonly topics: Topics;
  readonly links: Links;
  readonly #settled: Settled;
  readonly #storage: Storage;
  readonly #events: Events;
  readonly #addresses: Addresses;
  readonly #signal: Signal;
  readonly #jobs: Jobs;
  readonly #clock: Clock;
  /** The addresses that are dialled, by their links. */
  readonly #dialled = new Map<number, number>();
  readonly #dials = new Dials((trouble) => this.#hinder(trouble));
  /** When each fault was told last, the one told longest ago first. */
  readonly #told = new Map<string, number>();
  #engine: Engine | undefined;
  #shownPeers: Peer[] = [];
  #shownNeighbourhood: string[] = [];

  /** Everything but the engine's first input. */
  static async make(settled: Settled, storage: Storage, events: Events): Promise<Shell> {
    const addresses = await Addresses.open(settled.peers, storage.database, location.hostname);
    const network = (await sha256(utf8(settled.network))).slice(0, 8);
    const shell = new Shell(settled, network, storage, events, addresses);
    shell.#engine = await Engine.start(
      {
        key: storage.identity.publicKey,
        network,
        level: settled.level,
        addresses: addresses.count,
        signalling: settled.signalling.length > 0,
        relay: settled.relay,
      },
      {
        onOutput: (...output) => shell.#onOutput(...output),
        onDrained: () => {
          shell.#dials.drained();
          shell.links.flush();
        },
        onStopped: (cause) => shell.#onStopped(cause),
        onLate: (ms) => shell.#clock.onLate(ms),
      },
    );
    return shell;
  }

  private constructor(settled: Settled, network: Bytes, storage: Storage, events: Events, addresses: Addresses) {
    const { input } = this;
    this.identity = storage.identity;
    this.network = network;
    this.#settled = settled;
    this.#storage = storage;
    this.#events = events;
    this.#addresses = addresses;
    this.operations = new Operations(input);
    this.questions = new Questions(input, (message) => events.emit('message', message));
    this.topics = new Topics(storage.identity.text, this.operations, input);
    this.links = new Links(settled.rtc, this.#linksHearer());
    this.#signal = new Signal(settled.signalling, {
      onUp: (url) => {
        settled.onProgress('signalling', url);
        input(INPUT.signalUp, 0, utf8(new URL(url).hostname));
      },
      onBytes: (bytes) => input(INPUT.signalBytes, 0, bytes),
      onDown: () => input(INPUT.signalDown),
      onTrouble: (trouble) => this.#hinder(trouble),
      onHopeless: (trouble) => {
        if (addresses.count === 0) this.onHopeless(trouble);
      },
    });
    this.#jobs = new Jobs(storage.identity, network, storage.blocks, input);
    storage.blocks.onFault = (fault) => this.#fault(fault);
    this.#clock = new Clock({
      input: (kind, number) => {
        input(kind, number);
        this.modules?.onClock();
      },
      onLeave: () => this.close(),
    });
  }

  /** Wasm memory in bytes. */
  get memory(): number {
    return this.#engine?.memory ?? 0;
  }

  /** Begins to join. */
  start(): void {
    if (this.#storage.fault) this.#fault(this.#storage.fault);
    this.#clock.start();
    this.input(INPUT.timeout);
  }

  /** The links to peers that proved themselves. */
  peers(): Peer[] {
    this.#engine?.show();
    return this.#shownPeers;
  }

  neighbourhood(): string[] {
    this.#engine?.show();
    return this.#shownNeighbourhood;
  }

  /** Says goodbye, and frees everything. */
  close(): void {
    if (this.state === 'closed') return;
    this.input(INPUT.leave);
    this.#end();
  }

  #end(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#shownPeers = [];
    this.#shownNeighbourhood = [];
    this.#clock.stop();
    this.operations.close();
    this.modules?.onClosed();
    this.topics.close();
    this.#dials.close();
    this.links.closeAll();
    this.#signal.close();
    this.#engine?.close();
    this.#storage.close();
    this.#events.emit('closed', undefined);
  }

  #linksHearer(): LinksHearer {
    return {
      onDescribed: (link, description) => this.input(INPUT.described, link, description),
      onUp: (link) => {
        this.#dials.opened(link);
        this.input(INPUT.linkUp, link);
      },
      onBytes: (link, bytes) => this.input(INPUT.linkBytes, link, bytes),
      onSealed: (link, frame) => this.input(INPUT.sealed, link, frame),
      onDrained: (link, queued) => this.input(INPUT.linkDrained, link, u32(queued)),
      onDown: (link) => {
        this.#dialled.delete(link);
        this.#dials.down(link);
        this.input(INPUT.linkDown, link);
      },
      onRefused: (why) => this.#hinder(new MeshError(why === 'full' ? CODE.connectionsFull : CODE.noWebRtc)),
    };
  }

  /** One thing to do. `id` and `bytes` are views of Wasm memory: what is kept is copied. */
  #onOutput(kind: number, number: number, value: number, id: Uint8Array, bytes: Uint8Array): void {
    switch (kind) {
      case OUTPUT.send:
        return this.links.send(number, bytes);
      case OUTPUT.openSocket:
        return this.#dial(number, value);
      case OUTPUT.openOffer:
        return this.links.openRtc(number);
      case OUTPUT.openAnswer:
        return this.links.openRtc(number, bytes.slice());
      case OUTPUT.answered:
        return this.links.answered(number, bytes.slice());
      case OUTPUT.openCircuit:
        return this.links.openCircuit(number, bytes.length > 0 ? bytes.slice() : undefined);
      case OUTPUT.seal:
        return this.links.seal(number, id.slice(0, 64), id.slice(64), value !== 0);
      case OUTPUT.unseal:
        return this.links.unseal(number, bytes.slice());
      case OUTPUT.close:
        this.#dialled.delete(number);
        this.#dials.closed(number);
        return this.links.close(number);
      case OUTPUT.signalOpen:
        return this.#signal.open();
      case OUTPUT.signal:
        return this.#signal.send(bytes.slice());
      case OUTPUT.signalClose:
        return this.#signal.close();
      case OUTPUT.sign:
      case OUTPUT.verify:
      case OUTPUT.load:
      case OUTPUT.store:
      case OUTPUT.absent:
      case OUTPUT.scan:
      case OUTPUT.signMessage:
      case OUTPUT.checkMessage:
        return this.#jobs.start(kind, number, value, id.slice(), bytes.slice());
      case OUTPUT.wanted: {
        const message = this.operations.message(value);
        return this.input(message ? INPUT.loaded : INPUT.missing, number, message);
      }
      case OUTPUT.recall: {
        const raw = this.topics.recall(bytes);
        return this.input(raw ? INPUT.loaded : INPUT.missing, number, raw);
      }
      case OUTPUT.links:
        this.#shownPeers = pieces(bytes, OUTPUT.LINK_VIEW).map(peerOf);
        return;
      case OUTPUT.neighbourhood:
        this.#shownNeighbourhood = pieces(id, 32).map(hex);
        return;
      default:
        return this.#onEvent(kind, number, value, id.slice(), bytes.slice());
    }
  }

  #onEvent(kind: number, number: number, value: number, id: Bytes, bytes: Bytes): void {
    this.modules?.onEvent(kind, number, value, id, bytes);
    switch (kind) {
      case OUTPUT.found:
        if (value) this.#fault(new MeshError(CODE.crowded));
        return this.operations.onFound(number, id);
      case OUTPUT.done:
      case OUTPUT.replied:
        return this.operations.onDone(number, value & 0xffff, value >>> 16, bytes);
      case OUTPUT.asked:
        return this.#later(() => number === 0 && this.questions.take(value, id, bytes));
      case OUTPUT.peerUp:
        this.#learn(number, hex(id), bytes);
        this.#settled.onProgress('link', hex(id));
        return this.#later(() => this.#tellPeer(hex(id)));
      case OUTPUT.dialFailed:
        this.#dials.failed(value);
        return this.#later(() => this.#tell(kind, value, id));
      case OUTPUT.published:
        this.topics.keep(id.subarray(32, 44), bytes);
        return this.#later(() => this.topics.tell(id, bytes));
      default:
        return this.#later(() => this.#tell(kind, value, id));
    }
  }

  /** Tells the application once the engine is done: a listener may call what it likes. */
  #later(tell: () => unknown): void {
    queueMicrotask(() => {
      if (this.state !== 'closed') tell();
    });
  }

  #tell(kind: number, value: number, id: Bytes): void {
    const reason = (): MeshError => new MeshError(reasonOf(value));
    switch (kind) {
      case OUTPUT.joined:
        this.state = 'joined';
        this.#settled.onProgress('joined');
        return this.#events.emit('joined', undefined);
      case OUTPUT.offline:
        this.state = 'offline';
        return this.#events.emit('offline', undefined);
      case OUTPUT.peerDown:
        return this.#events.emit('peerleft', { id: hex(id), reason: reason() });
      case OUTPUT.dialFailed:
        return this.#events.emit('dialfailed', { id: id.length > 0 ? hex(id) : null, reason: reason() });
      case OUTPUT.signalRefused:
        return this.#hinder(new MeshError(refusalOf(value)));
      case OUTPUT.clock:
        return this.#events.emit('clock', { offBySeconds: value | 0 });
      default:
    }
  }

  #dial(link: number, address: number): void {
    const url = this.#addresses.at(address);
    this.#dialled.set(link, address);
    // What others claimed is their own affair.
    if (url !== undefined && this.#settled.peers.includes(url)) this.#dials.begin(link, url);
    this.links.openSocket(link, url);
  }

  /** A peer proved itself on a link, and told its address. */
  #learn(link: number, peer: string, address: Bytes): void {
    const dialled = this.#dialled.get(link);
    if (dialled !== undefined) this.#addresses.prove(dialled);
    this.#dials.proved(link);
    if (!this.#addresses.learn(textOf(address), peer)) return;
    this.#later(() => this.input(INPUT.addresses, this.#addresses.count));
  }

  #tellPeer(id: string): void {
    const peer = this.peers().find((peer) => peer.id === id);
    if (peer) this.#events.emit('peer', peer);
  }

  #hinder(why: MeshError): void {
    if (this.state === 'closed') return;
    this.hindrance = why;
    this.#fault(why);
  }

  #fault(fault: MeshError): void {
    const now = performance.now();
    if (now - (this.#told.get(fault.message) ?? -Infinity) < FAULT_AGAIN_MS) return;
    this.#told.delete(fault.message);
    this.#told.set(fault.message, now);
    const [oldest] = this.#told.keys();
    if (this.#told.size > FAULTS_MAX && oldest !== undefined) this.#told.delete(oldest);
    queueMicrotask(() => this.#events.emit('fault', fault));
  }

  #onStopped(cause: unknown): void {
    this.#fault(new MeshError(CODE.coreStopped, undefined, { cause }));
    this.#end();
  }
}

/** One entry of {@link OUTPUT.links}. */
function peerOf(entry: Uint8Array): Peer {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const rttUs = view.getUint32(37);
  return {
    id: hex(entry.subarray(0, 32)),
    link: LINKS[view.getUint8(34)] ?? 'webrtc',
    profile: PROFILES[view.getUint8(35)] ?? 'browser',
    rttMs: rttUs > 0 ? rttUs / 1000 : null,
    neighbour: view.getUint8(36) === 1,
    since: new Date(performance.timeOrigin + Number(view.getBigUint64(41)) / 1000),
  };
}
