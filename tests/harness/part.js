// A running program: started with a log, watched, stopped for certain.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { until, within } from './wait.js';

/** How long a part may take to stop when asked, in milliseconds. */
const STOP_MS = 10_000;

/** Stands for a line that will never come. */
const ENDED = Symbol('ended');

/** Parts that run; whatever is left when this process ends is killed. */
const running = new Set();

process.on('exit', () => {
  for (const part of running) part.child.kill('SIGKILL');
});

export class Part {
  /** Starts `program` with `args`, in a network namespace if one is named; what it prints goes to the file `log`. */
  constructor(program, args, { log, env = {}, namespace }) {
    const out = openSync(log, 'a');
    this.name = basename(program);
    this.log = log;
    const words = namespace ? ['ip', 'netns', 'exec', namespace, program, ...args] : [program, ...args];
    this.child = spawn(words[0], words.slice(1), { stdio: ['ignore', out, out], env: { ...process.env, ...env } });
    closeSync(out);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    running.add(this);
    this.ended.then((how) => {
      running.delete(this);
      this.end = how;
    });
  }

  /** Whether the program still runs. */
  get isRunning() {
    return this.end === undefined;
  }

  /** Waits until `file` has a whole line, which is the result; fails early when the program ends. */
  async fileLine(file, ms) {
    const line = await until(ms, `${this.name} writing ${basename(file)}`, () => {
      return this.isRunning ? readFileSync(file, 'utf8').trim() : ENDED;
    });
    if (line === ENDED) throw new Error(`${this.name} ended before it was ready (${this.end}):\n${this.logEnd()}`);
    return line;
  }

  /** Asks the program to stop and waits for it; how it ended is the result. Kills it when it does not listen. */
  async stop(signal = 'SIGTERM') {
    if (!this.isRunning) return this.end;
    this.child.kill(signal);
    try {
      return await within(STOP_MS, `${this.name} stopping`, this.ended);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** `kill -9`: no goodbye, no last write. */
  async kill() {
    this.child.kill('SIGKILL');
    return within(STOP_MS, `${this.name} dying`, this.ended);
  }

  /** The last lines that the program printed. */
  logEnd(lines = 20) {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}
