/** A mesh that does what a test says, for the parts of the app that only need its face. */
import type { Content, Mesh, Peer, join } from 'tabmesh';

type Put = Awaited<ReturnType<Mesh['put']>>;

/** An answer that the test gives when it likes. */
export class Later<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Rejects when the signal aborts, as the package's own operations do. */
export function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

export class FakeMesh {
  readonly id = 'ab'.repeat(32);
  state: Mesh['state'] = 'joining';
  peerList: Peer[] = [];
  /** One answer for each `put`, in order. */
  readonly puts: { data: unknown; answer: Later<Put>; progress: ((p: never) => void) | undefined }[] = [];
  readonly gets: { cid: string; answer: Later<Content>; progress: ((p: never) => void) | undefined }[] = [];
  readonly #listeners = new Map<string, Set<(detail?: unknown) => void>>();

  peers(): Peer[] {
    return this.peerList;
  }

  neighbourhood(): string[] {
    return this.peerList.map(({ id }) => id);
  }

  put(data: unknown, options: { signal?: AbortSignal; onProgress?: (p: never) => void } = {}): Promise<Put> {
    const answer = new Later<Put>();
    this.puts.push({ data, answer, progress: options.onProgress });
    return Promise.race([answer.promise, aborted(options.signal)]);
  }

  get(cid: string, options: { signal?: AbortSignal; onProgress?: (p: never) => void } = {}): Promise<Content> {
    const answer = new Later<Content>();
    this.gets.push({ cid, answer, progress: options.onProgress });
    return Promise.race([answer.promise, aborted(options.signal)]);
  }

  on(event: string, listener: (detail?: unknown) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => set.delete(listener);
  }

  close(): Promise<void> {
    this.become('closed');
    return Promise.resolve();
  }

  become(state: Mesh['state']): void {
    this.state = state;
    this.emit(state);
  }

  emit(event: string, detail?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

/** A `join` that gives these meshes, one after another; `null` fails with the error. */
export function joinOf(meshes: (FakeMesh | Error)[]): typeof join & { options: Parameters<typeof join>[0][] } {
  const options: Parameters<typeof join>[0][] = [];
  const fake = (given: Parameters<typeof join>[0]): Promise<Mesh> => {
    options.push(given);
    const next = meshes.shift() ?? new Error('one join more than the test foresaw');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next as unknown as Mesh);
  };
  return Object.assign(fake as typeof join, { options });
}

export function peerOf(): Peer {
  return { id: 'cd'.repeat(32), link: 'webrtc', profile: 'browser', rttMs: 3, neighbour: true, since: new Date() };
}

export function contentOf(cid: string, bytes: Uint8Array): Content {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  return { cid, size: blob.size, blob: () => Promise.resolve(blob) } as unknown as Content;
}

/** Lets everything that can go on go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
