// The list of a job's inputs as content of the network: names of contents, one a line.

import { textOf } from '../bytes.js';
import { type Cid, parseCid } from '../cid.js';
import { INVOCATIONS_MAX, LIST_BYTES_MAX } from './limits.js';
import type { Missing } from './missing.js';
import { WORD, wrong } from './words.js';

/** Fetches a list and reads it. @throws MeshError NoList */
export async function bringList(cid: Cid, missing: Missing): Promise<{ cid: string }[]> {
  let text = '';
  await missing.bring(cid, LIST_BYTES_MAX, (bytes) => void (text = textOf(bytes)));
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > INVOCATIONS_MAX) throw wrong(WORD.noList, `${lines.length} inputs`);
  return lines.map((line, at) => {
    try {
      parseCid(line);
    } catch (cause) {
      throw wrong(WORD.noList, `line ${at + 1}`, { cause });
    }
    return { cid: line };
  });
}
