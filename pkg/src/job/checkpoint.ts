// Checkpoints: a job's file, sealed under a key of its own and put into the network. Who has name and key goes on with it anywhere.

import { type Bytes, fromHex, hex } from '../bytes.js';
import { need } from '../check.js';
import { parseCid } from '../cid.js';
import type { Content, Mesh } from '../types.js';
import * as file from './file.js';
import { CHECKPOINT_BYTES_MAX } from './limits.js';
import { theBook } from './records.js';
import type { Given, Source } from './source.js';
import type { Work } from './work.js';
import { WORD, wrong } from './words.js';

const KEY_BYTES = 32;

/** A key seals one file: no two are sealed alike. */
const SEALING = { name: 'AES-GCM', iv: new Uint8Array(12) };

/** Makes checkpoints of jobs of a mesh. */
export const checkpointer =
  (mesh: Mesh | undefined) =>
  async (work: Work): Promise<string> => {
    need(mesh, 'a checkpoint takes a job of a mesh, which keeps it');
    if (!work.plan.source.isKept) throw wrong(WORD.notKept);
    await work.plan.source.ready;
    const records = (await theBook()).list();
    const saved = file.write({ ...work.saved, cid: await work.cid(), invocations: invocationsOf(work.plan.source), records });
    if (saved.length > CHECKPOINT_BYTES_MAX) throw wrong(WORD.checkpointTooLarge);
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const sealed = await crypto.subtle.encrypt(SEALING, await imported(key, 'encrypt'), saved);
    const { cid } = await mesh.put(new Uint8Array(sealed));
    return `${cid}#${hex(key)}`;
  };

/** Copies of all, unless they are too many. @throws MeshError CheckpointTooLarge */
function invocationsOf(source: Source): Given[] {
  const all: Given[] = [];
  let bytes = 0;
  for (let given = source.at(0); given; given = source.at(all.length)) {
    all.push(given);
    bytes += 'input' in given ? given.input.length : 'cid' in given ? 36 : 4 * given.awaits.length;
    if (bytes > CHECKPOINT_BYTES_MAX) throw wrong(WORD.checkpointTooLarge);
  }
  return all;
}

/** What a checkpoint has. @throws MeshError NoCheckpoint, BadCid; as `mesh.get`; the reason of the signal */
export async function open(mesh: Pick<Mesh, 'get'>, name: unknown, signal: AbortSignal | undefined): Promise<file.Saved> {
  const [cid, digits = '', ...more] = typeof name === 'string' ? name.split('#') : [];
  const key = fromHex(digits, KEY_BYTES);
  if (!key || more.length > 0) throw wrong(WORD.noCheckpoint);
  parseCid(cid);
  const content: Content = await mesh.get(cid!, { maxBytes: CHECKPOINT_BYTES_MAX + 1_024, ...(signal && { signal }) });
  const sealed = await content.bytes();
  try {
    return file.read(new Uint8Array(await crypto.subtle.decrypt(SEALING, await imported(key, 'decrypt'), sealed)));
  } catch (cause) {
    throw wrong(WORD.noCheckpoint, undefined, { cause });
  }
}

const imported = (key: Bytes, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> => crypto.subtle.importKey('raw', key, 'AES-GCM', false, [use]);

