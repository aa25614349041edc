// What a job that does not go on waits for, in words.

import type * as face from './face.js';

export const HINTS: Readonly<Record<Exclude<(typeof face.STALLED)[number], 'not'>, string>> = {
  'no offers': 'Nobody offers to run tasks just now, or nobody who does can be reached.',
  'none fits': 'None of those who offer takes tasks of this job just now: they give less gas, memory or input, or rest for a minute.',
  busy: 'All who offer have enough to do.',
  shell: 'This tab has to run a task itself first.',
  'too few owners': 'Those who offer are of too few owners for this level of validation.',
};
