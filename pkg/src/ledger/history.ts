// Own operations out of final blocks, as an application sees them.

import { type Bytes, hex, isEqual } from '../bytes.js';
import { hashNow } from '../job/hash.js';
import { readOperation } from './block.js';
import type { Genesis } from './genesis.js';
import type { Done } from './store.js';
import type { HistoryEntry } from './types.js';

/** Those from a block on, the oldest first. */
export function* entriesOf(history: readonly Done[], since: number, genesis: Genesis, self: Bytes): Generator<HistoryEntry, void, void> {
  for (const done of [...history]) if (done.height >= since) yield entryOf(done, genesis, self);
}

function entryOf({ height, epoch, operation: bytes, isConflict }: Done, { startsMs, epochMs }: Genesis, self: Bytes): HistoryEntry {
  const { id, kind, to, amount, fee, key } = readOperation(bytes);
  const from = hashNow(key);
  const atMs = startsMs + epoch * epochMs;
  const receiver = to && hex(to);
  return { id: hex(id), kind, height, epoch, atMs, from: hex(from), to: receiver, amount, fee, isOwn: isEqual(from, self), isConflict, finality: 'final' };
}
