import { batch, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { join as Join, Mesh, MeshError, Peer } from 'tabmesh';
import type { Settings } from './settings.ts';
import { type Stage, later } from './steps.ts';
import { storageFor } from './strangers.ts';
import { type Trouble, troubleOf } from './words.ts';

/** Where the tab is on its way; `asking` and `failed` are left by {@link Session.start} only. */
export type Phase = 'asking' | 'joining' | 'joined' | 'offline' | 'closed' | 'failed';

/** Round-trip times and neighbours are looked at again after this long, while somebody can see them. */
const REFRESH_MS = 1000;

/** Joining that lasts longer gets words about what may stand in the way. */
const PATIENCE_MS = 8000;

/** Faults shown at once, the latest of each kind; the oldest goes. */
const FAULTS_MAX = 4;

/** Faults that stay true once the tab has joined: nothing is kept, storage fails or was cleared, connections are used up. */
const LASTING: readonly (number | undefined)[] = [1030, 1031, 1032, 1040];

/** The fault that ends a mesh: its core stopped. */
const STOPPED = 1050;

/** This tab's membership: holds the mesh, and what the page shows of it. */
export class Session {
  readonly phase: ReadonlySignal<Phase>;
  readonly id = signal<string | null>(null);
  readonly peers = signal<readonly Peer[]>([]);
  /** Ids of the nearest nodes known, linked or not. */
  readonly neighbourhood = signal<readonly string[]>([]);
  /** How far joining has come; it never goes back. */
  readonly stage = signal<Stage>('storage');
  /** Whether joining, or coming back, takes longer than it should. */
  readonly slow = signal(false);
  /** Links that could not be made since the tab had joined last, and why the latest could not. */
  readonly failedDials = signal<{ readonly count: number; readonly why: Trouble | null }>({ count: 0, why: null });
  /** What does not work as it should, while the tab goes on. */
  readonly faults = signal<readonly Trouble[]>([]);
  /** Why joining failed, or the mesh ended. */
  readonly trouble = signal<Trouble | null>(null);
  readonly #phase = signal<Phase>('asking');
  readonly #join: typeof Join;
  readonly #settings: Settings;
  /** Addresses that somebody else chose: they get an identity of their own. */
  readonly strangers: readonly string[];
  #mesh: Mesh | null = null;
  #attempt = new AbortController();

  /** `join` is the package's. Nothing happens before {@link start}. */
  constructor(join: typeof Join, settings: Settings, strangers: readonly string[] = []) {
    this.strangers = strangers;
    this.#join = join;
    this.#settings = settings;
    this.phase = this.#phase;
  }

  /** Joins, from the beginning; leaves first if need be. Never throws: {@link trouble} says what went wrong. */
  async start(): Promise<void> {
    this.stop();
    const attempt = new AbortController();
    this.#attempt = attempt;
    batch(() => {
      this.#phase.value = 'joining';
      this.stage.value = 'storage';
      this.failedDials.value = { count: 0, why: null };
      this.faults.value = [];
      this.trouble.value = null;
    });
    this.#watchPatience(attempt.signal);
    try {
      const { signalling, peers, network } = this.#settings;
      const name = this.strangers.length > 0 ? await storageFor(this.strangers) : undefined;
      attempt.signal.throwIfAborted();
      const mesh = await this.#join({
        wait: false,
        signal: attempt.signal,
        onProgress: ({ stage }) => this.#reach(stage, attempt.signal),
        ...(signalling && { signalling: [...signalling] }),
        ...(peers.length > 0 && { peers: [...peers] }),
        ...(network && { network }),
        ...(name && { storage: { name } }),
      });
      if (attempt.signal.aborted) await mesh.close();
      else this.#adopt(mesh, attempt.signal);
    } catch (error) {
      if (attempt.signal.aborted) return;
      batch(() => {
        this.#phase.value = 'failed';
        this.trouble.value = troubleOf(error, 'Try again, or load the page anew.');
      });
    }
  }

  /** Leaves: says goodbye to the peers. */
  stop(): void {
    this.#attempt.abort();
    const mesh = this.#mesh;
    this.#mesh = null;
    batch(() => {
      this.#phase.value = 'closed';
      this.peers.value = [];
      this.neighbourhood.value = [];
    });
    // Nobody waits for the goodbye, and it cannot be said better a second time.
    void Promise.resolve(mesh?.close()).catch(() => undefined);
  }

  /**
   * The mesh, as soon as this tab is part of it.
   *
   * @throws the signal's reason when it aborts first
   */
  joined(signal: AbortSignal): Promise<Mesh> {
    return this.#when(() => this.#phase.value === 'joined', signal);
  }

  /** As {@link joined}, and there is somebody else: the first tab of a network has joined and is alone. */
  linked(signal: AbortSignal): Promise<Mesh> {
    return this.#when(() => this.#phase.value === 'joined' && this.peers.value.length > 0, signal);
  }

  async #when(holds: () => boolean, signal: AbortSignal): Promise<Mesh> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        stop.abort();
        reject(signal.reason);
      };
      // An effect runs at once, before there is anything to end it by: so it is ended by a signal of its own.
      const stop = new AbortController();
      const end = effect(() => {
        if (stop.signal.aborted || !holds() || !this.#mesh) return;
        stop.abort();
        signal.removeEventListener('abort', onAbort);
        resolve(this.#mesh);
      });
      if (stop.signal.aborted) return end();
      stop.signal.addEventListener('abort', end, { once: true });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #adopt(mesh: Mesh, signal: AbortSignal): void {
    this.#mesh = mesh;
    this.id.value = mesh.id;
    this.#reach('running', signal);
    const refresh = (): void => this.#refresh(mesh);
    const off = [
      ...(['joined', 'offline', 'peer', 'peerleft', 'closed'] as const).map((event) => mesh.on(event, refresh)),
      mesh.on('dialfailed', ({ reason }) => {
        this.failedDials.value = { count: this.failedDials.value.count + 1, why: troubleOf(reason) };
      }),
      mesh.on('fault', (fault) => this.#onFault(fault)),
    ];
    const timer = setInterval(() => {
      if (!document.hidden) refresh();
    }, REFRESH_MS);
    document.addEventListener('visibilitychange', refresh, { signal });
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      for (const unsubscribe of off) unsubscribe();
    });
    refresh();
  }

  #refresh(mesh: Mesh): void {
    if (mesh !== this.#mesh) return;
    const before = this.#phase.value;
    batch(() => {
      this.#phase.value = mesh.state;
      this.peers.value = mesh.peers();
      this.neighbourhood.value = mesh.neighbourhood();
      if (mesh.state === 'joined') {
        this.failedDials.value = { count: 0, why: null };
        this.faults.value = this.faults.value.filter(({ code }) => LASTING.includes(code));
        this.slow.value = false;
      }
    });
    if (before === 'joined' && mesh.state === 'offline') this.#watchPatience(this.#attempt.signal);
  }

  #reach(stage: Stage, signal: AbortSignal): void {
    if (!signal.aborted) this.stage.value = later(this.stage.value, stage);
  }

  #onFault(fault: MeshError): void {
    const trouble = troubleOf(fault);
    if (fault.code === STOPPED) this.trouble.value = trouble;
    else this.faults.value = [...this.faults.value.filter(({ code }) => code !== fault.code), trouble].slice(-FAULTS_MAX);
  }

  #watchPatience(signal: AbortSignal): void {
    this.slow.value = false;
    const timer = setTimeout(() => (this.slow.value = this.#phase.value !== 'joined'), PATIENCE_MS);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }
}
