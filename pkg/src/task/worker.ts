// The Worker of one task, in browsers and in Node: it prepares the module if need be, runs it, and is ended by its owner.

import { contentId } from '../cid.js';
import { isFit, perform } from './execute.js';
import { PROGRESS_MS } from './limits.js';
import type { Answer, Ask } from './messages.js';
import { Meter } from './meter.js';
import { ownerPort } from './port.js';
import { prepare } from './prepare.js';
import type { Prepared } from './prepared.js';

const port = ownerPort();

const tell = (answer: Answer, transfer: Transferable[] = []): void => port.post(answer, transfer);

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

async function serve({ source, invocation }: Ask): Promise<void> {
  const runnable = 'meter' in source ? prepareAndTell(source) : source;
  if (!invocation || !isFit(runnable, invocation)) return tell({ kind: 'done' });
  tell({ kind: 'stage', stage: 'running' });
  const outcome = perform(runnable, invocation, stepTeller());
  const id = await contentId(outcome.output);
  if (!outcome.next) return tell({ kind: 'ran', outcome, id }, [outcome.output.buffer]);
  const { state } = outcome.next;
  tell({ kind: 'ran', outcome, id, stateId: await contentId(state) }, [outcome.output.buffer, state.buffer]);
}

port.listen((ask) => {
  serve(ask as Ask).catch((error: unknown) => tell({ kind: 'failed', detail: String(error) }));
});
