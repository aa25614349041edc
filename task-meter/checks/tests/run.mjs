// Runs metered modules in this engine: `node run.mjs CASES`. Each line of the file is a case as JSON; for each one line says how it
// ended: status, results, gas and stack left, and a sum over the memory (FNV-1a).

import { readFileSync } from 'node:fs';

/** How a call ended, judged as a host does: the gas first. */
function judge(exports, run) {
  let results;
  let trapped = false;
  try {
    results = run();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) {
      return `Overflow ${error}`;
    }
    trapped = true;
  }
  const gas = exports['~g'].value;
  const stack = exports['~s'].value;
  const list = results === undefined ? [] : Array.isArray(results) ? results : [results];
  let status = `Ok ${list.join(',')}`;
  if (gas === -(2n ** 63n)) {
    status = 'Aborted';
  } else if (gas < 0n) {
    status = 'OutOfGas';
  } else if (trapped) {
    status = stack < 0 ? 'Stack' : 'Trap';
  }
  const memory = Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
  return `${status} ${gas} ${stack} ${memory?.buffer.byteLength ? sum(new Uint8Array(memory.buffer)) : 0}`;
}

function sum(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

function end({ file, gas, name, values }) {
  let instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {});
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? 'Unstarted' : `Invalid ${error}`;
  }
  const { exports } = instance;
  exports['~g'].value = BigInt(gas);
  const started = judge(exports, () => exports['~i']());
  if (!started.startsWith('Ok')) {
    return started;
  }
  const typed = values.map(([kind, value]) => (kind === 'i64' ? BigInt(value) : Number(value)));
  return judge(exports, () => exports[name](...typed));
}

for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  console.log(end(JSON.parse(line)));
}
