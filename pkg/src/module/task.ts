// A later task of the page, which comes soon in a hidden tab too: timers do not.

export class Task {
  readonly #channel = new MessageChannel();
  #isWanted = false;

  constructor(work: () => void) {
    this.#channel.port1.onmessage = () => {
      this.#isWanted = false;
      work();
    };
  }

  /** Wants the task, once until it comes. */
  want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#channel.port2.postMessage(undefined);
  }

  close(): void {
    this.#channel.port1.close();
  }
}
