// The Worker of one task, in browsers and in Node: it prepares the module if need be, runs it, and is ended by its owner.

import { contentId } from '../cid.js';
import { execute } from './execute.js';
import type { Answer, Ask } from './messages.js';
import { Meter } from './meter.js';
import { ownerPort } from './port.js';
import { prepare } from './prepare.js';

const port = ownerPort();

const tell = (answer: Answer, transfer: Transferable[] = []): void => port.post(answer, transfer);

async function serve({ source, invocation }: Ask): Promise<void> {
  let prepared = source;
  if ('meter' in prepared) {
    const { bytes, pages, meter } = prepared;
    prepared = prepare(new Meter(meter), bytes, pages, (stage) => tell({ kind: 'stage', stage }));
    tell({ kind: 'prepared', prepared });
  }
  if (!invocation || !prepared.module || !prepared.interface) return tell({ kind: 'done' });
  tell({ kind: 'stage', stage: 'running' });
  const outcome = execute(prepared.module, prepared.interface, invocation);
  tell({ kind: 'ran', outcome, id: await contentId(outcome.output) }, [outcome.output.buffer]);
}

port.listen((ask) => {
  serve(ask as Ask).catch((error: unknown) => tell({ kind: 'failed', detail: String(error) }));
});
