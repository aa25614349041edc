// What a job that does not go on waits for, in words.

import type * as face from './face.js';

type Why = Exclude<(typeof face.STALLED)[number], 'not'>;

const HINTS: Readonly<Record<Why, string>> = {
  'no offers': 'Nobody offers to run tasks just now, or nobody who does can be reached.',
  'none fits': 'None of those who were found takes tasks of this job just now: they offer no more, give less gas, memory or input, or rest for a minute.',
  busy: 'All who offer have enough to do.',
  shell: 'This tab has to run a task itself first.',
  'too few owners': 'Fewer executors are there than this level of validation compares, where those of one owner count as one.',
};

const OF_GROUP = 'None of the executors in the group takes tasks of this job just now: check their ids, and that they offer.';

/** @param isForSome the job names its executors */
export const hintOf = (why: Why, isForSome: boolean): string => (isForSome && (why === 'no offers' || why === 'none fits') ? OF_GROUP : HINTS[why]);
