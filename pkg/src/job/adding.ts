// How tasks are added to a job of the coordinator.

import * as face from './face.js';
import type { Task } from './runner.js';

/** What adds tasks: those that are run whole, and those by steps. */
export function addings(job: number, tasks: readonly Task[]): face.Command[] {
  const [whole, stepped] = [false, true].map((areSo) => tasks.filter(({ module }) => module.frame.piece > 0 === areSo));
  const add = (some: readonly Task[] = []): face.Command[] => (some.length > 0 ? [face.add(job, some)] : []);
  return stepped?.length ? [...add(whole), face.bySteps(job, true), ...add(stepped), face.bySteps(job, false)] : add(whole);
}
