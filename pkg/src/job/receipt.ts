// The proof of one outcome, which anybody can check without the network: `core-wasm/tasks/src/receipt.rs`.

import { type Bytes, concat, hex, pieces, sha256, u32, utf8, viewOf } from '../bytes.js';
import { idOf, need, needNone } from '../check.js';
import { RAW, cidText, parseCid } from '../cid.js';
import { Verifier } from '../keys.js';
import { Reader } from '../module/reader.js';
import type { TaskStatus } from '../task/types.js';
import { BATCH_MAX } from './limits.js';
import { climb, leafOf, pathOf } from './merkle.js';
import { type Outcome, outcomeBytes, readOutcome, statusName, u16 } from './outcome.js';
import { WORD, wrong } from './words.js';

/** The port of jobs. */
export const PORT = 2;

/** What modules sign begins so, then comes network and port. */
const SIGNED = utf8('tabmesh module v1');

/** The longest way to a root: 2^8 leaves. */
const PATH_MAX = Math.log2(BATCH_MAX);

/** For whom an executor signed, and who. */
interface Signed {
  /** The first 8 bytes of the hash of the network's name. */
  readonly network: Bytes;
  readonly requester: Bytes;
  readonly nonce: Bytes;
  readonly key: Bytes;
  readonly signature: Bytes;
}

/** A batch that its executor signed. */
export interface SignedBatch extends Signed {
  /** The ids of its tasks, in order. */
  readonly tasks: readonly Bytes[];
  readonly outcomes: readonly Outcome[];
}

/** What a receipt says, once it holds. */
export interface ReceiptSays {
  /** Who ran the task: 64 hexadecimal digits. */
  executor: string;
  /** For whom. */
  requester: string;
  /** The content id of the task's definition. */
  task: string;
  status: TaskStatus;
  gasUsed: bigint;
  /** The content id of the output, and its length. */
  outputId: string;
  outputBytes: number;
  /** The first 8 bytes of the hash of the network's name, as hexadecimal digits. */
  network: string;
}

/** What a receipt shall be about. */
export interface ReceiptExpected {
  /** The content id of the task's definition. */
  task?: string;
  /** The output itself, or its content id. */
  output?: Uint8Array | ArrayBuffer | string;
  executor?: string;
  requester?: string;
  /** The network's name. */
  network?: string;
}

/** What the executor of a batch signs. */
export const coveredBy = (
  { network, requester, nonce }: Pick<SignedBatch, 'network' | 'requester' | 'nonce'>,
  count: number,
  root: Bytes,
): Bytes => concat(SIGNED, network, u32(PORT), requester, nonce, u16(count), root);

/** The receipt of the task at `index` of a batch. */
export function receiptOf({ network, requester, nonce, key, signature, tasks, outcomes }: SignedBatch, index: number): Bytes {
  const leaves = concat(...tasks.map((task, at) => leafOf(task, outcomes[at]!)));
  const head = concat(network, requester, nonce, key, signature, u16(tasks.length), u16(index));
  return concat(head, tasks[index]!, outcomeBytes(outcomes[index]!), ...pathOf(leaves, index));
}

interface Receipt extends Signed {
  readonly count: number;
  readonly index: number;
  readonly task: Bytes;
  readonly outcome: Outcome;
  readonly path: readonly Bytes[];
}

/** @throws RangeError where the bytes are none */
function read(bytes: Uint8Array): Receipt {
  const reader = new Reader(bytes);
  const head = {
    network: reader.take(8),
    requester: reader.take(32),
    nonce: reader.take(16),
    key: reader.take(64),
    signature: reader.take(64),
    count: reader.number(2),
    index: reader.number(2),
    task: reader.take(32),
    outcome: readOutcome(reader),
  };
  const rest = reader.rest();
  if (rest.length % 32 > 0 || rest.length > 32 * PATH_MAX) throw new RangeError(`a path of ${rest.length} bytes`);
  return { ...head, path: pieces(rest, 32) as Bytes[] };
}

/**
 * Checks a receipt, without the network, and what it is about.
 *
 * @throws MeshError NoReceipt, BadSignature, OtherReceipt (it holds, and is about something else than was expected), BadOption, BadCid or BadId
 */
export async function verifyReceipt(bytes: Uint8Array | ArrayBuffer, expected: ReceiptExpected = {}): Promise<ReceiptSays> {
  const given = viewOf(bytes);
  need(given, 'a receipt is a Uint8Array or an ArrayBuffer');
  need(typeof expected === 'object' && expected !== null, 'what is expected is an object');
  const wanted = await settle(expected);
  const receipt = parse(given);
  const { network, requester, key, signature, count, index, task, outcome, path } = receipt;
  const status = statusName(outcome.status);
  const root = climb(leafOf(task, outcome), index, count, path);
  if (!root || !status) throw wrong(WORD.noReceipt);
  if (!(await new Verifier().holds(key, signature, coveredBy(receipt, count, root)))) throw wrong(WORD.badSignature);
  const says: ReceiptSays = {
    executor: hex(await sha256(key)),
    requester: hex(requester),
    task: cidText({ codec: RAW, hash: task }),
    status,
    gasUsed: outcome.gas,
    outputId: cidText({ codec: RAW, hash: outcome.output }),
    outputBytes: outcome.length,
    network: hex(network),
  };
  for (const [what, value] of wanted) if (says[what] !== value) throw wrong(WORD.otherReceipt, `${what} is ${says[what]}, not ${value}`);
  return says;
}

function parse(bytes: Uint8Array): Receipt {
  try {
    return read(bytes);
  } catch (cause) {
    throw wrong(WORD.noReceipt, undefined, { cause });
  }
}

type Wanted = readonly [what: 'task' | 'outputId' | 'executor' | 'requester' | 'network', value: string];

async function settle({ task, output, executor, requester, network, ...unknown }: ReceiptExpected): Promise<Wanted[]> {
  needNone(unknown, 'verifyReceipt');
  const wanted: Wanted[] = [];
  if (task !== undefined) wanted.push(['task', cidText(parseCid(task))]);
  if (output !== undefined) wanted.push(['outputId', await outputId(output)]);
  if (executor !== undefined) wanted.push(['executor', hex(idOf(executor))]);
  if (requester !== undefined) wanted.push(['requester', hex(idOf(requester))]);
  if (network !== undefined) {
    need(typeof network === 'string', 'network is the name of a network');
    wanted.push(['network', hex((await sha256(utf8(network))).subarray(0, 8))]);
  }
  return wanted;
}

async function outputId(output: unknown): Promise<string> {
  if (typeof output === 'string') return cidText(parseCid(output));
  const bytes = viewOf(output);
  need(bytes, 'output is its bytes, or its content id');
  return cidText({ codec: RAW, hash: await sha256(bytes) });
}
