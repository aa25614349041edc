// Runs a job in this tab alone.

import { thePool } from '../task/pool.js';
import { isResult } from './outcome.js';
import { decidedHere, runTask } from './own-run.js';
import type { Hearer, Runner, Task } from './runner.js';
import { refusedModule } from './words.js';

/** Tasks for each Worker that wait ready. */
const READY_A_WORKER = 2;

export class LocalRunner implements Runner {
  readonly heldUp = undefined;
  #hearer!: Hearer;
  #open = 0;
  #isClosed = false;
  #isPaused = false;
  #isOver = false;
  #waiting: Task[] = [];
  #running = 0;
  readonly #stop = new AbortController();

  begin(hearer: Hearer): void {
    this.#hearer = hearer;
    hearer.onRoom(READY_A_WORKER * thePool().size);
  }

  add(tasks: readonly Task[]): void {
    this.#open += tasks.length;
    this.#waiting.push(...tasks);
    this.#serve();
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#serve();
  }

  cancel(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#stop.abort();
  }

  #serve(): void {
    while (!this.#isPaused && this.#running < thePool().size && this.#waiting.length > 0) {
      this.#running += 1;
      this.#hearer.onStarted();
      void this.#run(this.#waiting.shift()!);
    }
  }

  async #run(task: Task): Promise<void> {
    try {
      const own = await runTask(task, { signal: this.#stop.signal });
      const { refused } = own.done.prepared;
      this.#running -= 1;
      if (this.#isOver) return;
      this.#open -= 1;
      if (refused) return this.#fault(await refusedModule(refused));
      if (isResult(own.outcome)) this.#hearer.onDecided(task, decidedHere(own));
      else this.#hearer.onFailed(task, 'NoResult');
      this.#hearer.onRoom(1);
      this.#serve();
      this.#end();
    } catch (error) {
      if (!this.#isOver) this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.cancel();
    this.#hearer.onFault(error);
  }

  #end(): void {
    if (!this.#isClosed || this.#open > 0 || this.#isOver) return;
    this.#isClosed = false;
    this.#hearer.onEnded();
  }
}
