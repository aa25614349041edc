// What goes wrong with jobs, in words that pages without jobs do not load.

import { type Entry, MeshError } from '../errors.js';
import { explained } from '../task/explained.js';
import type { Refused } from '../task/prepared.js';

const ENTRIES = {
  1080: ['NoReceipt', 'These bytes are no receipt: ask for it again by receipt() of the result.'],
  1081: ['BadSignature', 'The signature of this receipt does not hold: somebody changed it, or never ran the task.'],
  1082: ['OtherReceipt', 'The receipt holds, but is about something else: compare what it says with what was expected.'],
  1083: ['TaskFailed', 'A task ended otherwise than OK: look at status and log of this error, and at its input.'],
  1084: ['ModuleRefused', 'No host runs this module: checkTask says which feature it uses, and where.'],
  1085: ['Cancelled', 'This job was cancelled.'],
  1086: ['ResultsTaken', 'These results were read already, and are too many to be kept: await the job, or derive another one, before they are read.'],
  1087: ['NotKept', 'The inputs of this job come from an iterator and cannot be read again: give an array, so that it can be resumed.'],
  1088: ['NoCheckpoint', 'This names no checkpoint of a job that this version can read: copy all of it, the key behind # included.'],
  1089: ['Offering', 'This mesh offers to run tasks already: stop that first.'],
  1090: ['TooManyJobs', 'This mesh has as many jobs as there can be: wait until one of them has ended.'],
  1091: ['NoResult', 'Nobody came to a result of this task in time, this tab neither: give it more time or less to do.'],
  1092: ['NoMargin', 'Executors came to different results of this task, and this tab could not run it: try again.'],
  1093: ['TooFewExecutors', 'Too few executors were there for this level of validation: use a lower one, or try again later.'],
  1094: ['TaskTooLarge', 'This task is too large to be given to others, and this tab could not run it.'],
  1095: ['InputFailed', 'An earlier task that this one awaits failed: see there.'],
  1096: ['InputTooLarge', 'The input of this task, or the outputs that it awaits together, have more than 16 MiB: await fewer, or shorter ones.'],
  1097: ['InputGone', 'An executor was found to lie about this task, and its input was not kept: give an array of inputs, which can be read again.'],
  1098: ['NothingToReduce', 'There are no results to reduce.'],
  1099: ['CheckpointTooLarge', 'A checkpoint has at most 256 MiB: put long inputs into fewer jobs.'],
  1100: ['NoList', 'This content is no list of inputs: put a text there with the content id of an input in each line.'],
  1101: ['JobLate', 'This job came to its deadline: what came until then are the results of this error; resume it from a checkpoint, or give it more time.'],
  1102: ['NotForSale', 'Nothing is paid for tasks yet: leave budget and prices away, or 0.'],
} as const satisfies Record<number, Entry>;

export const WORD = {
  noReceipt: 1080,
  badSignature: 1081,
  otherReceipt: 1082,
  taskFailed: 1083,
  moduleRefused: 1084,
  cancelled: 1085,
  resultsTaken: 1086,
  notKept: 1087,
  noCheckpoint: 1088,
  offering: 1089,
  tooManyJobs: 1090,
  noResult: 1091,
  noMargin: 1092,
  tooFewExecutors: 1093,
  taskTooLarge: 1094,
  inputFailed: 1095,
  inputTooLarge: 1096,
  inputGone: 1097,
  nothingToReduce: 1098,
  checkpointTooLarge: 1099,
  noList: 1100,
  jobLate: 1101,
  notForSale: 1102,
} as const;

export type Word = (typeof WORD)[keyof typeof WORD];

/** The error of something that went wrong so. */
export const wrong = (code: Word, detail?: string, options?: ErrorOptions): MeshError => new MeshError(code, detail, { ...options, entry: ENTRIES[code] });

/** The name of it. */
export const nameOfWord = (code: Word): string => ENTRIES[code][0];

/** The error of a module that the profile does not accept. */
export async function refusedModule(refused: Refused): Promise<MeshError> {
  const { code, offset, feature, where, wayOut } = await explained(refused);
  return wrong(WORD.moduleRefused, `${feature}, at byte ${offset}${where ? `: ${where}` : ''}; code ${code}${wayOut ? `; ${wayOut}` : ''}`);
}
