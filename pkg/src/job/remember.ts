// The records of executors as an application sees them.

import { fromHex } from '../bytes.js';
import { need } from '../check.js';
import { doors } from '../door.js';
import type { Mesh } from '../types.js';
import { know } from './face.js';
import { theBook } from './records.js';
import { Requester } from './requester.js';
import type { ExecutorRecord, Records } from './types.js';

/**
 * What this tab remembers of executors: how often each was checked and right, in a row. Jobs of level 1 check those less who were right often.
 *
 * @throws MeshError BadOption
 */
export function records(mesh: Mesh): Records {
  need(doors.get(mesh), 'records takes a mesh that join of this package gave');
  return {
    list: async (): Promise<ExecutorRecord[]> => (await theBook()).list(),
    clear: async (): Promise<void> => {
      const book = await theBook();
      const coordinator = Requester.known(mesh)?.coordinator;
      for (const { executor } of book.list()) coordinator?.say(know(fromHex(executor, 32)!, 0));
      book.clear();
    },
  };
}
