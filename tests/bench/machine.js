// The machine that figures were taken on, and whether it had something else to do.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

import { chromium } from '../harness/places.js';
import { sleep } from '../harness/wait.js';

/** A machine whose processors are busier than this, in percent, is not quiet. */
const QUIET_MAX = 10;

/** How long one look takes, and how many there are before the bench begins anyhow. */
const LOOK_MS = 2000;
const LOOKS_MAX = 20;

/** The machine and its browser in a few words, without their names. */
export function machine() {
  const [{ model }] = cpus();
  const browser = execFileSync(chromium(), ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim().split(' ').slice(0, 2).join(' ');
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${browser}`;
}

/**
 * Waits until nothing else runs here, for as long as that makes sense: what a build leaves behind is over soon. Resolves
 * with how busy the processors still are, in percent.
 */
export async function quiet() {
  let busy = await busyShare();
  for (let looks = 1; busy > QUIET_MAX && looks < LOOKS_MAX; looks += 1) busy = await busyShare();
  return busy;
}

/** A sentence for figures that were taken while the processors were `before` and `after` percent busy with other things. */
export function warning(before, after) {
  const busy = Math.round(Math.max(before, after));
  if (busy <= QUIET_MAX) return undefined;
  return `The machine was not quiet: other programs kept its processors ${busy} % busy. Do not trust these figures.`;
}

/** How busy the processors are while this program waits, in percent of all of them. */
export async function busyShare() {
  const before = times();
  await sleep(LOOK_MS);
  const after = times();
  const all = after.all - before.all;
  return all > 0 ? (100 * (after.busy - before.busy)) / all : 0;
}

/** Ticks of all processors since the machine started; waiting for a disk is idle, time stolen by a neighbour is not. */
function times() {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, one) => sum + one, 0);
  const [, , , idle, waiting] = ticks;
  return { all, busy: all - idle - waiting };
}
