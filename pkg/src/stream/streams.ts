// The streams of one mesh: the module that makes them, attached once.

import { hex } from '../bytes.js';
import { idOf, nameOf, need, needNone, needSignal } from '../check.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { tellAll } from '../events.js';
import { FAULT, fault } from '../module/faults.js';
import { type Attached, attach } from '../module/index.js';
import { report } from '../report.js';
import * as STATUS from '../status.js';
import type { Mesh } from '../types.js';
import * as face from './face.js';
import { Stream } from './stream.js';
import type { Listening, MeshStream, OpenOptions, Streams, StreamsOptions } from './types.js';
import { notHeard, notOpened } from './words.js';

const NAME_MAX = 64;

/** A stream that this end opens has a number below this. */
const OWN_END = 2 ** 31;

const attached = new WeakMap<Mesh, Promise<Streams>>();

/**
 * The streams of a mesh; the same for all who ask.
 *
 * @throws MeshError as `attach` of `tabmesh/module`
 */
export async function streamsOf(mesh: Mesh, options: StreamsOptions = {}): Promise<Streams> {
  const { module = new URL('../../wasm/tabmesh_stream.wasm', import.meta.url), ...unknown } = options;
  needNone(unknown, 'streamsOf');
  const known = attached.get(mesh);
  if (known) return known;
  const forget = (): void => {
    if (attached.get(mesh) === made) attached.delete(mesh);
  };
  const made = MeshStreams.attach(mesh, module, forget);
  attached.set(mesh, made);
  made.catch(forget);
  return made;
}

interface Opening {
  readonly stream: Stream;
  readonly resolve: (stream: MeshStream) => void;
  readonly reject: (error: unknown) => void;
}

class MeshStreams implements Streams {
  #module!: Attached;
  readonly #onClosed: () => void;
  readonly #own: string;
  readonly #streams = new Map<number, Stream>();
  readonly #opening = new Map<number, Opening>();
  readonly #takers = new Map<string, (stream: MeshStream) => void>();
  #last = 0;
  #unlisten = (): void => undefined;

  static async attach(mesh: Mesh, module: NonNullable<StreamsOptions['module']>, onClosed: () => void): Promise<MeshStreams> {
    const streams = new MeshStreams(mesh.id, onClosed);
    streams.#module = await attach(mesh, {
      name: 'tabmesh stream v1',
      module,
      onEvent: (bytes) => streams.#hear(face.eventOf(bytes)),
      onFault: (fault) => {
        streams.#endAll();
        report(fault);
      },
    });
    // It may have been closed while the module came.
    if (mesh.state === 'closed') throw new MeshError(CODE.closed);
    streams.#unlisten = mesh.on('closed', () => streams.#endAll());
    return streams;
  }

  private constructor(own: string, onClosed: () => void) {
    this.#own = own;
    this.#onClosed = onClosed;
  }

  listen(name: string, onStream: (stream: MeshStream) => void): Listening {
    nameOf(name, 'name', NAME_MAX);
    need(typeof onStream === 'function', 'onStream is a function');
    need(!this.#takers.has(name), `streams named ${name} have a taker already: close that first`);
    this.#takers.set(name, onStream);
    try {
      // It may be refused before this returns.
      this.#module.command(...face.listen(name));
    } catch (error) {
      this.#takers.delete(name);
      throw error;
    }
    return {
      name,
      close: (): void => {
        if (this.#takers.get(name) !== onStream) return;
        this.#takers.delete(name);
        this.#module.command(...face.unlisten(name));
      },
    };
  }

  async open(peer: string, name: string, { signal }: OpenOptions = {}): Promise<MeshStream> {
    const to = idOf(peer);
    need(hex(to) !== this.#own, 'peer is the id of another node, and this is the own one');
    nameOf(name, 'name', NAME_MAX);
    needSignal(signal);
    signal?.throwIfAborted();
    do this.#last = (this.#last + 1) % OWN_END;
    while (this.#streams.has(this.#last));
    const number = this.#last;
    const stream = new Stream(number, peer, name, (command) => this.#module.command(...command));
    const opened = new Promise<MeshStream>((resolve, reject) => this.#opening.set(number, { stream, resolve, reject }));
    this.#streams.set(number, stream);
    const giveUp = (): void => {
      const opening = this.#opening.get(number);
      if (!opening) return;
      opening.reject(signal?.reason);
      stream.shown.abort();
    };
    try {
      this.#module.command(...face.open(number, to, name));
    } catch (error) {
      this.#streams.delete(number);
      this.#opening.delete(number);
      throw error;
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    return opened.finally(() => signal?.removeEventListener('abort', giveUp));
  }

  close(): void {
    this.#endAll();
    this.#module.close();
  }

  #endAll(): void {
    this.#unlisten();
    for (const { reject } of this.#opening.values()) reject(fault(FAULT.detached));
    for (const number of [...this.#streams.keys()]) this.#ended(number, STATUS.unavailable);
    this.#takers.clear();
    this.#onClosed();
  }

  #hear(event: face.Event): void {
    switch (event.kind) {
      case 'listening':
        return this.#listening(event.name, event.status);
      case 'opened':
        this.#opening.get(event.stream)?.resolve(this.#opening.get(event.stream)!.stream.shown);
        this.#opening.delete(event.stream);
        return;
      case 'incoming':
        return this.#incoming(event.stream, hex(event.from), event.name);
      case 'room':
        return this.#streams.get(event.stream)?.room(event.bytes);
      case 'came':
        return this.#streams.get(event.stream)?.came(event.bytes);
      case 'finished':
        return this.#streams.get(event.stream)?.finished();
      case 'ended':
        return this.#ended(event.stream, event.status);
    }
  }

  #listening(name: string, status: number): void {
    if (status === STATUS.ok) return;
    this.#takers.delete(name);
    report(notHeard(name, status));
  }

  #incoming(number: number, peer: string, name: string): void {
    const stream = new Stream(number, peer, name, (command) => this.#module.command(...command));
    const taker = this.#takers.get(name);
    this.#streams.set(number, stream);
    if (taker) tellAll([taker], stream.shown);
    else stream.shown.abort();
  }

  #ended(number: number, status: number): void {
    const stream = this.#streams.get(number);
    this.#streams.delete(number);
    stream?.ended(status);
    this.#opening.get(number)?.reject(notOpened(status));
    this.#opening.delete(number);
  }
}
