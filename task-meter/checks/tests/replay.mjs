// Asks this engine what another one was asked, and compares: `node replay.mjs TRANSCRIPT`, or `replay(text)` in a page. What the lines
// are is said where they are written: src/engines/recorded.rs.

/** Bytes of a memory that are compared. */
const MEMORY_BYTES = 1 << 20;

/** Differences that are told. */
const TOLD_MAX = 20;

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Bits as the bridge takes them. */
const inward = ([kind, bits]) => (kind === 'i64' || kind === 'f64' ? BigInt.asIntN(64, BigInt(bits)) : Number(bits) | 0);

const outward = (value) => String(typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0);

const listed = (results) => (results === undefined ? [] : Array.isArray(results) ? results : [results]);

/** FNV-1a over the beginning of the first memory. */
function sumOf(exports) {
  const memory = Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
  if (!memory) return 0x811c9dc5;
  const { byteLength } = memory.buffer;
  const bytes = new Uint8Array(memory.buffer, 0, Math.min(byteLength, MEMORY_BYTES));
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

/** How what was thrown is called. */
function endOf(error) {
  if (error instanceof WebAssembly.CompileError) return 'Invalid';
  return error instanceof WebAssembly.RuntimeError ? 'Trap' : `Overflow ${error}`;
}

function start({ start: module, names, bridge }) {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(module)));
    const m = Object.fromEntries(names.map((name, number) => [number, exports[name]]));
    const { exports: calls } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(bridge)), { m });
    return { guest: { exports, calls: new Map(names.map((name, number) => [name, calls[number]])) }, said: 'Done' };
  } catch (error) {
    return { guest: null, said: endOf(error) };
  }
}

function call({ exports, calls }, { call: name, values }) {
  let end = 'Done';
  let results = [];
  try {
    results = listed(calls.get(name)(...values.map(inward))).map(outward);
  } catch (error) {
    end = endOf(error);
  }
  return JSON.stringify({ end, results, memory: sumOf(exports) });
}

/** A global's bits; a NaN's are lost in JavaScript. */
function get({ exports }, { get: name, value: [kind] }) {
  const { value } = exports[name];
  if (Number.isNaN(value)) return 'NaN';
  if (kind === 'f32') return String(new Uint32Array(Float32Array.of(value).buffer)[0]);
  if (kind === 'f64') return String(new BigUint64Array(Float64Array.of(value).buffer)[0]);
  return outward(value);
}

/** Whether bits are those of a NaN. */
function isNaNBits([kind, bits]) {
  if (kind === 'f32') return Number.isNaN(new Float32Array(Uint32Array.of(Number(bits)).buffer)[0]);
  return kind === 'f64' && Number.isNaN(new Float64Array(BigUint64Array.of(BigInt(bits)).buffer)[0]);
}

/** What is said of a line here, and what was said of it there. */
function answer(line, guests) {
  if (line.start !== undefined) {
    const { guest, said } = start(line);
    guests.push(guest);
    return [said, line.end];
  }
  const guest = guests[line.guest];
  if (!guest) return ['there is none', 'a guest'];
  if (line.call !== undefined) {
    const { end, results, memory } = line;
    return [call(guest, line), JSON.stringify({ end, results: results.map(([, bits]) => bits), memory })];
  }
  if (line.get !== undefined) return [get(guest, line), isNaNBits(line.value) ? 'NaN' : line.value[1]];
  guest.exports[line.set].value = inward(line.value);
  return ['', ''];
}

/** How many answers of a transcript are the same here, and which are not. */
export function replay(transcript) {
  const lines = transcript.trim().split('\n').map((text) => JSON.parse(text));
  // An engine has room for so many memories: a guest goes behind its last line.
  const last = new Map(lines.map(({ guest }, number) => [guest, number]));
  const guests = [];
  const different = [];
  let held = 0;
  for (const [number, line] of lines.entries()) {
    const [said, expected] = answer(line, guests);
    if (said === expected) held += 1;
    else if (different.length < TOLD_MAX) different.push(`${said} instead of ${expected}: ${JSON.stringify(line).slice(0, 300)}`);
    if (last.get(line.guest) === number) guests[line.guest] = null;
  }
  return { held, different };
}

if (globalThis.process?.argv[1]?.endsWith('replay.mjs')) {
  const { readFileSync } = await import('node:fs');
  const { held, different } = replay(readFileSync(process.argv[2], 'utf8'));
  console.log(`${held} answers are the same`);
  for (const text of different) console.error(text);
  process.exitCode = different.length > 0 ? 1 : 0;
}
