// Tells the engine the wall time, and when the machine or the page slept or changed networks.

import * as INPUT from './kinds/input.js';

/** The wall clock may drift this much before the engine is told. */
const JUMP_MS = 2000;

/** A timer this late means that the page was asleep. Background tabs are held back by up to a minute. */
const ASLEEP_MS = 70_000;

/** A page that was hidden for longer looks at its links when it is seen again. */
const HIDDEN_MS = 10_000;

export interface ClockHearer {
  input(kind: number, number?: number): void;
  /** The page goes away. */
  onLeave(): void;
}

export class Clock {
  readonly #hearer: ClockHearer;
  readonly #end = new AbortController();
  /** Wall time minus the page's clock, as told last. */
  #offset = -Infinity;
  #hiddenAt = Infinity;

  constructor(hearer: ClockHearer) {
    this.#hearer = hearer;
  }

  /** Tells the wall time for the first time, and from then on whatever happens to the page. */
  start(): void {
    const options = { signal: this.#end.signal };
    this.#tellTime();
    addEventListener('online', () => this.#wake(), options);
    addEventListener('pagehide', () => this.#hearer.onLeave(), options);
    addEventListener('pageshow', ({ persisted }) => persisted && this.#wake(), options);
    document.addEventListener('resume', () => this.#wake(), options);
    document.addEventListener('freeze', () => (this.#hiddenAt = Math.min(this.#hiddenAt, performance.now())), options);
    document.addEventListener('visibilitychange', () => this.#onVisibility(), options);
  }

  stop(): void {
    this.#end.abort();
  }

  /** A timer came this late. */
  onLate(ms: number): void {
    if (ms > ASLEEP_MS) this.#wake();
    else this.#tellTime();
  }

  #onVisibility(): void {
    const hidden = performance.now() - this.#hiddenAt;
    this.#hiddenAt = document.hidden ? performance.now() : Infinity;
    if (!document.hidden && hidden > HIDDEN_MS) this.#wake();
  }

  #wake(): void {
    this.#tellTime();
    this.#hearer.input(INPUT.wake);
  }

  #tellTime(): void {
    const wall = Date.now();
    const offset = wall - performance.now();
    if (Math.abs(offset - this.#offset) < JUMP_MS) return;
    this.#offset = offset;
    this.#hearer.input(INPUT.wallTime, Math.floor(wall / 1000));
  }
}
