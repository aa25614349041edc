import type { JoinProgress } from 'tabmesh';

/** How far joining has come: the package's stages, and `running`, when there is a mesh that looks for peers. */
export type Stage = JoinProgress['stage'] | 'running';

/** A step of joining, as a person sees it. */
export interface Step {
  readonly title: string;
  readonly state: 'done' | 'now' | 'later';
}

const ORDER: readonly Stage[] = ['storage', 'identity', 'core', 'running', 'signalling', 'link', 'joined'];

/** What has to be had, and the stage that shows that it is. */
const STEPS: readonly (readonly [title: string, shownBy: Stage])[] = [
  ['This tab’s key and storage', 'core'],
  ['The core', 'running'],
  ['A server or peer to ask', 'signalling'],
  ['A first peer', 'link'],
  ['This tab’s place in the network', 'joined'],
];

/** The later of two stages: a way in that is passed over, as a signalling server may be, is done with as well. */
export function later(a: Stage, b: Stage): Stage {
  return ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a;
}

/** All steps, as they stand once `stage` was reached. */
export function stepsAt(stage: Stage): Step[] {
  const isDone = (shownBy: Stage): boolean => later(stage, shownBy) === stage;
  const now = STEPS.findIndex(([, shownBy]) => !isDone(shownBy));
  return STEPS.map(([title, shownBy], i) => ({ title, state: isDone(shownBy) ? 'done' : i === now ? 'now' : 'later' }));
}
