// Questions to the module that wait for its answer, by their tickets.

import type { MeshError } from '../errors.js';
import type { Command, Event } from './face.js';
import { ANSWER_MS, ASKING_MAX } from './limits.js';
import { WORD, wrong } from './words.js';

interface Question {
  /** What was said; `undefined` if it is not to be said twice. */
  readonly again: Command | undefined;
  readonly end: (answer: Event | undefined, error?: MeshError) => void;
}

export class Waiting {
  readonly #say: (command: Command) => void;
  readonly #all = new Map<number, Question>();
  #last = 0;

  constructor(say: (command: Command) => void) {
    this.#say = say;
  }

  /**
   * Asks; `isOnce`: a module that is started anew is not asked again.
   *
   * @throws MeshError Busy; Unsure where no answer comes
   */
  ask(command: (ticket: number) => Command, { ms = ANSWER_MS, isOnce = false } = {}): Promise<Event> {
    return new Promise((resolve, reject) => {
      if (this.#all.size >= ASKING_MAX) throw wrong(WORD.busy);
      do this.#last = (this.#last + 1) % 2 ** 32;
      while (this.#all.has(this.#last));
      const ticket = this.#last;
      const end = (answer: Event | undefined, error?: MeshError): void => {
        clearTimeout(timer);
        this.#all.delete(ticket);
        if (answer) resolve(answer);
        else reject(error ?? wrong(WORD.unsure));
      };
      const timer = setTimeout(() => end(undefined), ms);
      const said = command(ticket);
      this.#all.set(ticket, { again: isOnce ? undefined : said, end });
      this.#say(said);
    });
  }

  /** An answer came; whether somebody waited for it. */
  answer(ticket: number, answer: Event): boolean {
    const question = this.#all.get(ticket);
    question?.end(answer);
    return question !== undefined;
  }

  /** The module began anew: it is asked again what may be asked twice. */
  restart(): void {
    for (const { again, end } of [...this.#all.values()]) {
      if (again) this.#say(again);
      else end(undefined);
    }
  }

  /** No answer comes any more. */
  close(error: MeshError): void {
    for (const { end } of [...this.#all.values()]) end(undefined, error);
  }
}
