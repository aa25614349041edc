// The Worker of one task, in browsers and in Node: it prepares the module if need be, runs it, and is ended by its owner.

import { contentId } from '../cid.js';
import { execute } from './execute.js';
import type { Answer, Ask } from './messages.js';
import { Meter } from './meter.js';
import { ownerPort } from './port.js';
import { type Prepared, prepare } from './prepare.js';

const port = ownerPort();

const tell = (answer: Answer, transfer: Transferable[] = []): void => port.post(answer, transfer);

function prepareAndTell({ bytes, pages, meter }: Extract<Ask['source'], { bytes: unknown }>): Prepared {
  const prepared = prepare(new Meter(meter), bytes, pages, (stage) => tell({ kind: 'stage', stage }));
  tell({ kind: 'prepared', prepared });
  return prepared;
}

async function serve({ source, invocation }: Ask): Promise<void> {
  const { module, interface: kind } = 'meter' in source ? prepareAndTell(source) : source;
  if (!invocation || !module || !kind) return tell({ kind: 'done' });
  tell({ kind: 'stage', stage: 'running' });
  const outcome = execute(module, kind, invocation);
  tell({ kind: 'ran', outcome, id: await contentId(outcome.output) }, [outcome.output.buffer]);
}

port.listen((ask) => {
  serve(ask as Ask).catch((error: unknown) => tell({ kind: 'failed', detail: String(error) }));
});
