// The Worker of tasks, in browsers and in Node: it prepares a module if need be, runs it, and is ended by its owner. One task comes after
// another, each in an instance of its own.

import { type Runnable, isFit, perform } from './execute.js';
import { PROGRESS_MS } from './limits.js';
import { type Answer, type Ask, type HandAsk, KEPT_A_WORKER } from './messages.js';
import { Meter } from './meter.js';
import { ownerPort } from './port.js';
import { prepare } from './prepare.js';
import type { Prepared } from './prepared.js';
import { Recent } from './recent.js';

const port = ownerPort();

const tell = (answer: Answer, transfer: Transferable[] = []): void => port.post(answer, transfer);

const kept = new Recent<Runnable>(KEPT_A_WORKER);

function runnableOf(source: Ask['source'] | string, name: string | undefined): Runnable {
  if (typeof source === 'string') return kept.get(source) ?? fail(`it keeps no module ${source}`);
  if ('meter' in source) return prepareAndTell(source);
  if (name) kept.set(name, source);
  return source;
}

function fail(detail: string): never {
  throw new Error(detail);
}

function prepareAndTell({ bytes, pages, meter }: Extract<Ask['source'], { meter: unknown }>): Prepared {
  const prepared = prepare(new Meter(meter), bytes, pages, (stage) => tell({ kind: 'stage', stage }));
  tell({ kind: 'prepared', prepared });
  return prepared;
}

/** Tells of steps as often as their owner is told of them. */
function stepTeller(): (steps: number) => void {
  let next = performance.now() + PROGRESS_MS;
  return (steps) => {
    const now = performance.now();
    if (now < next) return;
    next = now + PROGRESS_MS;
    tell({ kind: 'steps', steps });
  };
}

function serve({ source, name, invocation }: HandAsk): void {
  if (source === undefined) return;
  const runnable = runnableOf(source, name);
  if (!invocation || !isFit(runnable, invocation)) return tell({ kind: 'done' });
  tell({ kind: 'stage', stage: 'running' });
  const outcome = perform(runnable, invocation, stepTeller());
  // The bytes of nothing are always the same: given away once, they could not be given a second time.
  const given = [outcome.output, outcome.next?.state].flatMap((bytes) => (bytes && bytes.length > 0 ? [bytes.buffer] : []));
  tell({ kind: 'ran', outcome }, given);
}

port.listen((ask) => {
  try {
    serve(ask as HandAsk);
  } catch (error) {
    tell({ kind: 'failed', detail: String(error) });
  }
});
