import { page } from '../harness/pages.js';
import { call } from './ends.js';

/** Tabs that compute, one Worker each: as many as the plain pools have. */
const LENDERS = 2;

/** Tasks, and how long one takes on one Worker here, in milliseconds. */
const LONG = { tasks: 1_000, ms: 50 };
const SHORT = { tasks: 20_000, ms: 1 };
const MANY = { tasks: 100_000, ms: 1 };

/** A native peer that gives as much gas as the tabs do. */
const NATIVE = ['--offer', 'true', '--offer-cores', '1', '--offer-gas', `${2 ** 40}`];

export const title = 'Jobs over tabs';

export const about = `
One tab asks for a job, and ${LENDERS} others, with one Worker each, compute it, all in one Chromium on this machine; bare is a plain pool of ${LENDERS} of the same Workers in
one tab, with the same metered module and an instance a task, without a network. Both share the same cores: what coordination costs, computing lacks.
A task turns a loop for as long as is said; times are of a whole job, and from its start. In the rows with a native peer one with one core (a debug build, whose
engine compiles tasks as any other does) is there in place of one tab.`;

export async function measure(net) {
  await net.startSignalling();
  const pages = await net.pages();
  pages.add('/', page(`import '/bench/job-page.js';`));
  const asker = await net.joinedTab({ name: 'asker' });
  const bench = (name, ...args) => call(asker.page, 'jobBench', name, ...args);
  const turns = { long: await bench('turnsOf', LONG.ms), short: await bench('turnsOf', SHORT.ms) };
  const plain = async ({ tasks }, each) => tasks / ((await bench('plain', LENDERS, tasks, each)) / 1_000);
  const long = [await plain(LONG, turns.long)];
  const short = await plain(SHORT, turns.short);
  const pooled = LONG.tasks / ((await bench('pooled', LENDERS, LONG.tasks, turns.long)) / 1_000);

  const lenders = [];
  for (let number = 1; number <= LENDERS; number += 1) lenders.push(await net.joinedTab({ name: `lender-${number}` }));
  for (const lender of lenders) await call(lender.page, 'jobBench', 'lend', 1);
  const job = async ({ tasks, ms }, each, validation) => tasks / ((await bench('job', tasks, each, validation, ms)) / 1_000);
  // The first job finds who computes, and has the module loaded and compiled.
  await bench('job', 40, turns.long, 2, LONG.ms);
  const single = await job(LONG, turns.long, 0);
  long.push(await plain(LONG, turns.long));
  const double = await job(LONG, turns.long, 2);
  const quick = await job(SHORT, turns.short, 0);
  const many = [await job(MANY, turns.short, 0), await plain(MANY, turns.short)];

  await call(lenders[1].page, 'jobBench', 'lendNothing');
  const peer = await net.startPeer({ name: 'native', args: NATIVE });
  await bench('found', peer.id, turns.long);
  const mixed = [await job(LONG, turns.long, 0), await job(LONG, turns.long, 2)];
  const bare = Math.max(...long);
  const row = (what, ours, beside, goal) => ({ what, unit: 'tasks/s', ours, bare: beside, ...(goal && { goal }) });
  return [
    row(`${LONG.tasks} tasks of ${LONG.ms} ms, level 0`, single, bare, { ratioMin: 0.9 }),
    row(`${LONG.tasks} tasks of ${LONG.ms} ms, level 2`, double, bare, { ratioMin: 0.45 }),
    row(`${LONG.tasks} tasks of ${LONG.ms} ms, level 0, bare: the package workerpool`, single, pooled),
    row(`${SHORT.tasks.toLocaleString('en')} tasks of ${SHORT.ms} ms, level 0`, quick, short, { ratioMin: 0.5 }),
    row(`${MANY.tasks.toLocaleString('en')} tasks of ${MANY.ms} ms, level 0`, ...many, { ratioMin: 0.5 }),
    row(`${LONG.tasks} tasks of ${LONG.ms} ms, level 0, a tab and a native peer`, mixed[0], bare),
    row(`${LONG.tasks} tasks of ${LONG.ms} ms, level 2, a tab and a native peer`, mixed[1], bare),
  ];
}
