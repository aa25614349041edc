// A page whose person does something comes first: tasks of others wait until that person has been idle for a while.

/** What a person does. */
const DOINGS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'touchmove'] as const;

/** A task that runs may still end within this, in milliseconds; its Worker is ended then, and the task begins anew later. */
const GRACE_MS = 50;

/** Who did nothing for so long is idle. */
export const IDLE_MS = 2_000;

/** Whoever has been busy for so long with no such pause is so for a while: what was taken is given back. */
const BUSY_MS = 3_000;

export class Pace {
  /** Tasks that run are ended now. */
  onStop: () => void = () => undefined;
  /** The person is busy for a while, or not any more. */
  onBusy: () => void = () => undefined;
  readonly #page: EventTarget | undefined;
  readonly #waiting = new Set<() => void>();
  #isPaused = false;
  #isBusy = false;
  #lastAt = 0;
  #timers: ReturnType<typeof setTimeout>[] = [];

  /** @param page where its person's doings are seen; where there is none nobody is waited for */
  constructor(page: EventTarget | undefined) {
    this.#page = page;
    for (const doing of DOINGS) page?.addEventListener(doing, this.#onDoing, { capture: true, passive: true });
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Resolves once a task may begin. @throws the reason of `signal` when it aborts */
  async free(signal: AbortSignal): Promise<void> {
    while (this.#isPaused && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#waiting.delete(go);
          signal.removeEventListener('abort', go);
          resolve();
        };
        this.#waiting.add(go);
        signal.addEventListener('abort', go, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  /** Nobody is waited for any more. */
  close(): void {
    for (const doing of DOINGS) this.#page?.removeEventListener(doing, this.#onDoing, { capture: true });
    for (const timer of this.#timers) clearTimeout(timer);
    this.#go();
  }

  readonly #onDoing = (): void => {
    this.#lastAt = performance.now();
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#timers = [setTimeout(() => this.onStop(), GRACE_MS), setTimeout(this.#onBusyForLong, BUSY_MS), setTimeout(this.#look, IDLE_MS)];
  };

  readonly #onBusyForLong = (): void => {
    this.#isBusy = true;
    this.onBusy();
  };

  readonly #look = (): void => {
    const left = this.#lastAt + IDLE_MS - performance.now();
    if (left > 0) return void (this.#timers[2] = setTimeout(this.#look, left));
    clearTimeout(this.#timers[1]);
    this.#go();
    if (!this.#isBusy) return;
    this.#isBusy = false;
    this.onBusy();
  };

  #go(): void {
    this.#isPaused = false;
    for (const go of [...this.#waiting]) go();
  }
}
