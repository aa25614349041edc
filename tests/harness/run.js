// Runs a program to its end, within a bound, and gives what it said.

import { spawn } from 'node:child_process';

/** What one program may print, in bytes; more is cut off. */
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * Runs `program`, and gives `{ code, stdout, stderr }`: the exit code (or the name of the signal that ended it), the
 * bytes it printed, and what it said on standard error as text.
 */
export function run(program, args, { input, cwd, env, ms = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: ms, killSignal: 'SIGKILL' };
    const child = spawn(program, args, options);
    const stdout = [];
    const stderr = [];
    let size = 0;
    const keep = (into) => (chunk) => {
      size += chunk.length;
      if (size <= OUTPUT_MAX) into.push(chunk);
    };
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: signal ?? code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
    // A program that ends early closes its input; that is no error of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
