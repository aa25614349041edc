// Opens what a tab keeps: its slot, its database, its blocks and its key. Where the browser keeps nothing, memory has to do.

import { DatabaseBackend, MemoryBackend } from './backend.js';
import { Blocks } from './blocks.js';
import * as CODE from './codes.js';
import { Database } from './database.js';
import { MeshError } from './errors.js';
import { Identity } from './keys.js';
import type { Settled } from './options.js';
import { type Slot, takeSlot } from './slot.js';

export interface Storage {
  readonly blocks: Blocks;
  readonly identity: Identity;
  readonly database: Database | undefined;
  /** Why nothing outlives the tab, if that is so. */
  readonly fault: MeshError | undefined;
  /** Closes the database and lets another tab take the slot. */
  close(): void;
}

interface Kept {
  readonly slot: Slot | undefined;
  readonly database: Database | undefined;
  readonly fault?: MeshError;
}

/** @throws MeshError TooManyTabs or LevelNotReached, or the signal's reason */
export async function openStorage(settled: Settled): Promise<Storage> {
  const { quota, level, signal, onProgress } = settled;
  onProgress('storage');
  let kept = await openKept(settled.prefix);
  const options = { signal, onTry: (tries: number) => onProgress('identity', `${tries} keys tried`) };
  try {
    onProgress('identity');
    let blocks: Blocks | undefined;
    let identity: Identity | undefined;
    if (kept.database) {
      try {
        blocks = await Blocks.open(new DatabaseBackend(kept.database), quota);
        identity = await Identity.open(kept.database, level, options);
      } catch (cause) {
        if (cause instanceof MeshError || signal?.aborted) throw cause;
        // The database is broken, or the browser does not keep keys in it.
        kept.database.close();
        kept = { ...withoutDatabase(cause), slot: kept.slot };
        identity = undefined;
      }
    }
    if (!blocks || !identity) blocks = await Blocks.open(new MemoryBackend(), quota);
    identity ??= await Identity.open(undefined, level, options);
    const { slot, database, fault } = kept;
    if (database) keepUp(database, blocks, identity);
    const close = (): void => {
      blocks.close();
      slot?.release();
    };
    return { blocks, identity, database, fault, close };
  } catch (error) {
    kept.database?.close();
    kept.slot?.release();
    throw error;
  }
}

async function openKept(prefix: string): Promise<Kept> {
  // Without locks two tabs could come to share an id, so each one has an id of its own for as long as it lives.
  if (!('locks' in navigator) || !('indexedDB' in globalThis)) return withoutDatabase('no locks or no IndexedDB');
  const slot = await takeSlot(prefix);
  try {
    return { slot, database: await Database.open(`${prefix}:${slot.number}`) };
  } catch (cause) {
    return { ...withoutDatabase(cause), slot };
  }
}

function withoutDatabase(cause: unknown): Kept {
  return { slot: undefined, database: undefined, fault: new MeshError(CODE.memoryOnly, undefined, { cause }) };
}

/** A database that was opened anew may be an empty one: the key is kept in it again. */
function keepUp(database: Database, blocks: Blocks, identity: Identity): void {
  database.onReopened = () => {
    const work = [blocks.relist(), identity.keep(database)];
    for (const each of work) each.catch(() => undefined);
  };
}
