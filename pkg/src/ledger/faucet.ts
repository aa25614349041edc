// Asks voters for test credits.

import { type Bytes, NO_BYTES, fromHex, hex, isEqual } from '../bytes.js';
import { MeshError } from '../errors.js';
import * as STATUS from '../status.js';
import { unlessAborted } from '../wait.js';
import { type Operation, accountOf, readOperation } from './block.js';
import * as face from './face.js';
import type { Genesis } from './genesis.js';
import { BEG_MS } from './limits.js';
import type { Dripped } from './types.js';
import type { Waiting } from './waiting.js';
import { WORD, wrong } from './words.js';

type Answer = Extract<face.Event, { kind: 'dripped' }>;

const NOTHING: Answer = { kind: 'dripped', ticket: 0, status: STATUS.timedOut, operation: NO_BYTES };

/**
 * The first voter that gives, those that are linked first.
 *
 * @throws MeshError NoFaucet, Closed; the reason of `signal`
 */
export async function askFaucets(
  { voters, isTest }: Genesis,
  linked: ReadonlySet<string>,
  self: string,
  waiting: Waiting,
  signal: AbortSignal | undefined,
): Promise<Dripped> {
  if (!isTest) throw wrong(WORD.noFaucet, 'this is no test network');
  const others = voters.filter((id) => hex(id) !== self);
  const [near, far] = [true, false].map((isLinked) => others.filter((id) => linked.has(hex(id)) === isLinked)) as [Bytes[], Bytes[]];
  let gaveEnough = false;
  for (const voter of [...near, ...far]) {
    const { status, operation } = await ask(voter, waiting, signal);
    const gift = status === STATUS.ok ? giftOf(operation, self) : undefined;
    if (gift) return { id: hex(gift.id), amount: gift.amount, from: hex(voter) };
    gaveEnough ||= status === STATUS.tooManyRequests || status === STATUS.forbidden;
  }
  throw wrong(WORD.noFaucet, gaveEnough ? 'it gave enough for now: ask again in a later epoch' : 'no voter has one, or none can be reached');
}

/** A transfer to this tab; a voter that says something else gives nothing, and the next one is asked. */
function giftOf(bytes: Bytes, self: string): Operation | undefined {
  try {
    const operation = readOperation(bytes);
    const { to, amount } = operation;
    return to && amount > 0n && isEqual(accountOf(to), accountOf(fromHex(self, 32)!)) ? operation : undefined;
  } catch {
    return undefined;
  }
}

/** A voter that does not answer gives nothing. */
async function ask(voter: Bytes, waiting: Waiting, signal: AbortSignal | undefined): Promise<Pick<Answer, 'status' | 'operation'>> {
  try {
    const asked = waiting.ask((ticket) => face.request(ticket, voter), { ms: BEG_MS });
    return await unlessAborted<Answer>(signal, (end) => void asked.then((answer) => end(answer as Answer), () => end(NOTHING)), () => undefined);
  } catch (error) {
    if (signal?.aborted || !(error instanceof MeshError)) throw error;
    return NOTHING;
  }
}
