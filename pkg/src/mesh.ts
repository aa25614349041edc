// The face of a joined tab.

import { idOf, need } from './check.js';
import { parseCid } from './cid.js';
import * as CODE from './codes.js';
import { connectionCount } from './connections.js';
import { doors } from './door.js';
import { download } from './download.js';
import { MeshError } from './errors.js';
import { Events } from './events.js';
import { MESSAGE_MAX } from './limits.js';
import { takeMessage } from './message.js';
import { MESSAGE } from './operations.js';
import { type Settled, settle } from './options.js';
import { Shell } from './shell.js';
import { type Storage, openStorage } from './storage.js';
import type {
  Answer,
  AskOptions,
  Content,
  GetOptions,
  JoinOptions,
  Mesh,
  MeshEvents,
  MessageData,
  Metrics,
  Peer,
  PutData,
  PutOptions,
  PutResult,
  Question,
  Topic,
} from './types.js';
import { Upload } from './upload.js';
import { pause } from './wait.js';

/** The last frames of a goodbye get this long before `close` resolves. */
const GOODBYE_MS = 50;

/**
 * Makes this tab a node of the network.
 *
 * @throws MeshError BadOption, InsecureContext, NoWasm, SignalForbidden, JoinTimedOut, LevelNotReached or TooManyTabs
 * @throws the reason of `options.signal` when it aborts
 */
export async function join(options: JoinOptions = {}): Promise<Mesh> {
  need('document' in globalThis, 'join runs in a page: not in a Worker, not in Node (run `tabmesh` there)');
  const settled = settle(options, location.href);
  settled.signal?.throwIfAborted();
  if (!isSecureContext) throw new MeshError(CODE.insecureContext);
  if (!('WebAssembly' in globalThis)) throw new MeshError(CODE.noWasm);
  const events = new Events();
  const stop = settled.onFault && events.on('fault', settled.onFault);
  const storage = await openStorage(settled);
  let shell: Shell;
  try {
    settled.onProgress('core');
    shell = await Shell.make(settled, storage, events);
    settled.signal?.throwIfAborted();
  } catch (error) {
    storage.close();
    throw error;
  }
  const mesh = new TabMesh(shell, storage, events);
  doors.set(mesh, shell);
  shell.start();
  if (settled.wait) await joined(mesh, shell, settled);
  stop?.();
  return mesh;
}

/** Waits until the mesh has joined; closes it when it is given up. */
function joined(mesh: TabMesh, shell: Shell, { signal, timeoutMs }: Settled): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: unknown): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const stop of listening) stop();
      if (error === undefined) return resolve();
      void mesh.close();
      reject(error as Error);
    };
    const onAbort = (): void => end(signal?.reason);
    // What went wrong on the way says more than that the time is over.
    const why = (): string | undefined => shell.hindrance?.detail ?? shell.hindrance?.message;
    const onTime = (): void => end(new MeshError(CODE.joinTimedOut, why()));
    shell.onHopeless = end;
    const timer = Number.isFinite(timeoutMs) ? setTimeout(onTime, Math.min(timeoutMs, 2 ** 31 - 1)) : undefined;
    signal?.addEventListener('abort', onAbort, { once: true });
    const listening = [mesh.on('joined', () => end()), mesh.on('closed', () => end(new MeshError(CODE.closed)))];
  });
}

class TabMesh implements Mesh {
  readonly id: string;
  readonly #shell: Shell;
  readonly #storage: Storage;
  readonly #events: Events;

  constructor(shell: Shell, storage: Storage, events: Events) {
    this.id = storage.identity.text;
    this.#shell = shell;
    this.#storage = storage;
    this.#events = events;
  }

  get state(): Mesh['state'] {
    return this.#shell.state;
  }

  peers(): Peer[] {
    return [...this.#shell.peers()];
  }

  neighbourhood(): string[] {
    return [...this.#shell.neighbourhood()];
  }

  async put(data: PutData, options: PutOptions = {}): Promise<PutResult> {
    this.#expectOpen();
    return new Upload(data, this.#storage.blocks, this.#shell.operations, options).run();
  }

  async get(cid: string, options: GetOptions = {}): Promise<Content> {
    this.#expectOpen();
    return download(parseCid(cid), this.#storage.blocks, this.#shell.operations, options);
  }

  async find(id: string, options: { signal?: AbortSignal } = {}): Promise<string[]> {
    this.#expectOpen();
    return this.#shell.operations.find(idOf(id), options);
  }

  async send(to: string, data: MessageData, options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#expectOpen();
    const receiver = idOf(to);
    await this.#shell.operations.ask(receiver, takeMessage(data, MESSAGE_MAX), options, MESSAGE);
  }

  async ask(to: string, data: MessageData, options: AskOptions = {}): Promise<Answer> {
    this.#expectOpen();
    return this.#shell.operations.ask(idOf(to), takeMessage(data, MESSAGE_MAX), options);
  }

  answer(handler: (question: Question) => MessageData | Promise<MessageData>): () => void {
    this.#expectOpen();
    need(typeof handler === 'function', 'answer takes a function');
    return this.#shell.questions.answer(handler);
  }

  async topic(name: string, options: { signal?: AbortSignal } = {}): Promise<Topic> {
    this.#expectOpen();
    return this.#shell.topics.open(name, options);
  }

  on<E extends keyof MeshEvents>(event: E, listener: (detail: MeshEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  metrics(): Metrics {
    const { sent, received, links } = this.#shell.links.counts;
    return {
      bytesSent: sent,
      bytesReceived: received,
      links,
      memory: this.#shell.memory,
      connections: connectionCount(),
      storage: this.#storage.blocks.usage,
    };
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.#shell.close();
    await pause(GOODBYE_MS);
  }

  #expectOpen(): void {
    if (this.state === 'closed') throw new MeshError(CODE.closed);
  }
}
