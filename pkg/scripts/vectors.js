// Writes tests/vectors/jobs.json: what every shell makes of jobs alike. After `npm run build:ts`; the signature is another each time.
import { readFileSync, writeFileSync } from 'node:fs';

import { concat, hex, utf8 } from '../dist/bytes.js';
import { DAG_CBOR, RAW, cidText } from '../dist/cid.js';
import { Identity } from '../dist/keys.js';
import { packBatch } from '../dist/job/batch.js';
import * as file from '../dist/job/file.js';
import { hashNow } from '../dist/job/hash.js';
import { Journal } from '../dist/job/journal.js';
import { Pages, jobCid } from '../dist/job/manifest.js';
import { leafOf, rootNow } from '../dist/job/merkle.js';
import { runTask } from '../dist/job/own-run.js';
import { coveredBy, receiptOf } from '../dist/job/receipt.js';
import { awaitedInput, levelsOf } from '../dist/job/shape.js';
import { taskId } from '../dist/job/task-id.js';
import { Trail, leafOfStep } from '../dist/job/trail.js';
import { badCheckpoints } from './bad-checkpoints.js';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const repeated = (byte, length) => new Uint8Array(length).fill(byte);
const named = (bytes) => ({ bytes, hash: hashNow(bytes), length: bytes.length });

const module = utf8('a module');
const usual = { module: hashNow(module), moduleLength: module.length, pages: 1024, seed: repeated(0, 32), time: 0n, piece: 0 };
const other = { ...usual, pages: 65_536, seed: repeated(7, 32), time: 2n ** 64n - 1n, piece: 4096 };
const inputs = [utf8('one'), new Uint8Array(0), repeated(1, 16_384), repeated(2, 16_385)].map(named);

const frameOf = ({ module, moduleLength, pages, seed, time, piece }) => ({
  module: hex(module), module_length: moduleLength, pages, seed: hex(seed), time: `${time}`, piece,
});
const inputOf = ({ hash, length }) => ({ hash: hex(hash), length });
const outcome = (status, gas, text) => ({ status, gas, length: text.length, output: hashNow(utf8(text)) });
const outcomeOf = ({ status, gas, length, output, steps }) => ({ status, gas: `${gas}`, length, output: hex(output), ...(steps && { steps: hex(steps) }) });

const tasks = [[usual, 1_000_000_000n, inputs[0]], [other, 2n ** 62n, inputs[3]], [usual, 0n, inputs[1]]].map(([frame, gas, input]) => ({
  ...frameOf(frame),
  gas: `${gas}`,
  input: inputOf(input),
  id: hex(taskId(frame, gas, input)),
  cid: cidText({ codec: RAW, hash: taskId(frame, gas, input) }),
}));

/** Long inputs are told by what they consist of. */
const batches = [[usual, inputs.slice(0, 2)], [other, inputs], [usual, [inputs[2], inputs[2], inputs[3]]]].map(([frame, given]) => {
  const { count, bytes } = packBatch(frame, given);
  return {
    ...frameOf(frame),
    inputs: given.map(({ bytes }) => ({ length: bytes.length, ...(bytes.length > 32 ? { byte: bytes[0] } : { bytes: base64(bytes) }) })),
    count,
    length: bytes.length,
    sha256: hex(hashNow(bytes)),
    ...(bytes.length < 200 && { bytes: base64(bytes) }),
  };
});

const outcomes = [outcome(0, 1_234n, 'one'), outcome(1, 5n, ''), outcome(3, 2n ** 62n, ''), outcome(0, 0n, 'four'), outcome(2, 9n, ''), { ...outcome(0, 7n, 'six'), steps: hashNow(utf8('steps')) }];
const ids = outcomes.map((_, number) => hashNow(utf8(`task ${number}`)));
const leaves = outcomes.map((each, number) => leafOf(ids[number], each));

const roots = [0, 1, 2, 3, 5, 6].map((count) => ({ count, root: hex(rootNow(concat(...leaves.slice(0, count)))) }));
const failed = { failed: [1, 4], root: hex(rootNow(concat(...leaves.map((leaf, number) => ([1, 4].includes(number) ? repeated(0, 32) : leaf))))) };

const awaited = [['a'], ['', 'bc', 'def']].map((texts) => ({ outputs: texts, input: base64(awaitedInput(texts.map(utf8))) }));
const reductions = [[1, 16], [2, 2], [17, 16], [16, 16], [100, 3]].map(([count, arity]) => ({ count, arity, levels: levelsOf(count, arity) }));

const executor = await Identity.open(undefined, 0);
const signed = {
  network: hashNow(utf8('tabmesh')).slice(0, 8),
  requester: hashNow(utf8('a requester')),
  nonce: repeated(9, 16),
  key: executor.publicKey,
  tasks: ids,
  outcomes,
};
const signature = await executor.sign(coveredBy(signed, ids.length, rootNow(concat(...leaves))));
const receipts = [0, 4, 5].map((index) => ({
  bytes: base64(receiptOf({ ...signed, signature }, index)),
  key: hex(executor.publicKey),
  executor: executor.text,
  requester: hex(signed.requester),
  network: 'tabmesh',
  task: hex(ids[index]),
  outcome: outcomeOf(outcomes[index]),
}));

const stage = (kind, modules) => ({ kind, modules: modules.map(([bytes, { pages, seed, time, piece }]) => ({ bytes, pages, seed, time, piece })) });
const moduleOf = ({ bytes, pages, seed, time, piece }) => ({ bytes: base64(bytes), pages, seed: hex(seed), time: `${time}`, piece });
const givenOf = (given) => ('input' in given ? { input: base64(given.input) } : 'cid' in given ? { cid: cidText(given.cid) } : given);
const numbered = (count) => Array.from({ length: count }, (_, at) => ({ module: 0, input: utf8(`${at}`) }));
const name = (codec, text) => ({ module: 0, cid: { codec, hash: hashNow(utf8(text)) } });
const listed = [
  { module: 1, input: repeated(3, 5_000) },
  name(RAW, 'one'),
  name(DAG_CBOR, 'a tree'),
  { module: 0, awaits: [0], isList: false },
  { module: 1, awaits: [2, 0, 1], isList: true },
];
const [first, second] = [[module, usual], [utf8('another'), other]];
const jobs = [
  [1_000_000_000n, [stage({ kind: 'list' }, [first])], numbered(3)],
  [5n, [stage({ kind: 'list' }, [first]), stage({ kind: 'each' }, [second]), stage({ kind: 'reduce', arity: 16 }, [first])], numbered(1_700)],
  [2n ** 62n, [stage({ kind: 'list' }, [first, second])], listed],
  [0n, [stage({ kind: 'list' }, [first])], []],
  [0n, [stage({ kind: 'list' }, [first])], numbered(512)],
];
const manifests = [];
for (const [gas, stages, invocations] of jobs) {
  const pages = new Pages();
  invocations.forEach((given) => pages.add(given));
  manifests.push({
    gas: `${gas}`,
    stages: stages.map(({ kind, modules }) => ({ ...kind, modules: modules.map(moduleOf) })),
    ...(invocations.length > 10 ? { numbered: invocations.length } : { invocations: invocations.map((given) => ({ module: given.module, ...givenOf(given) })) }),
    cid: await jobCid(gas, stages, await pages.end()),
  });
}

/** Steps that are told by their number. */
const step = (number, count) => ({
  number, state: hashNow(utf8(`${number}`)), gas: 3n * BigInt(number), flag: number + 1 === count ? 1 : 0, position: number, length: 2 * number, output: hashNow(utf8(`output ${number}`)),
});

/** Trails, with what is said to some questions about them: the hash of it. */
const trails = [1, 2, 3, 64, 65, 4_096, 4_097, 10_000].map((count) => {
  const trail = new Trail();
  for (let number = 0; number < count; number += 1) trail.push(step(number, count));
  const again = (first, many) => Array.from({ length: many }, (_, at) => step(first + at, count));
  const level = Math.ceil(Math.log2(count));
  const nodes = [[level, 0], [Math.min(6, level), 0], [3, Math.floor((count - 1) / 8)]];
  const asks = [{ kind: 'open' }, ...nodes.map(([level, number]) => ({ kind: 'nodes', level, number })), ...[0, count >> 1, count - 1].map((number) => ({ kind: 'step', number }))];
  const answers = asks.map((ask) => ({ ...ask, sha256: hex(hashNow(trail.answer(ask, again))) }));
  return { count, first_leaf: hex(leafOfStep(step(0, count))), root: hex(trail.root), answers };
});

/** What those of tests/vectors/tasks.json come to that are run by steps. */
const stepped = [];
for (const { name, module, input, gas, pages, seed, time, piece, stack } of JSON.parse(readFileSync(new URL('../../tests/vectors/tasks.json', import.meta.url), 'utf8'))) {
  if (piece === undefined || stack !== undefined) continue;
  const bytes = new Uint8Array(Buffer.from(module, 'base64'));
  const hash = hashNow(bytes);
  const frame = { module: hash, moduleLength: bytes.length, pages, seed: new Uint8Array(Buffer.from(seed, 'hex')), time: BigInt(time), piece };
  const run = { module: { pool: { bytes, pages, name: `${hex(hash)}:${pages}` }, frame }, gas: BigInt(gas), input: new Uint8Array(Buffer.from(input, 'base64')) };
  const { outcome } = await runTask(run);
  stepped.push({ name, outcome: outcomeOf(outcome) });
}

const journal = new Journal(1 << 20);
const accepted = (outcome, output, who, isChecked, votes) => ({ outcome, output: utf8(output), executor: who, isChecked, votes });
journal.note({ id: ids[0] }, accepted(outcomes[0], 'one', undefined, true, 0));
journal.note({ id: ids[1] }, accepted({ ...outcomes[1], steps: hashNow(utf8('steps')) }, '', hashNow(utf8('an executor')), false, 1));
const saved = file.write({
  cid: manifests[2].cid,
  gas: jobs[2][0],
  validation: 1,
  stages: [...jobs[2][1], ...jobs[1][1].slice(1)],
  invocations: jobs[2][2],
  records: [{ executor: hex(hashNow(utf8('an executor'))), confirmed: 12 }],
  journal: journal.bytes,
});
const sealing = await crypto.subtle.importKey('raw', repeated(5, 32), 'AES-GCM', false, ['encrypt']);
const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, sealing, saved);
const checkpoints = [{ key: hex(repeated(5, 32)), file: base64(saved), sealed: base64(sealed) }];

const tree = { tasks: ids.map(hex), outcomes: outcomes.map(outcomeOf), leaves: leaves.map(hex), roots, failed };
const vectors = { tasks, batches, tree, awaited, reductions, manifests, checkpoints, bad_checkpoints: badCheckpoints(saved), receipts, trails, stepped };
writeFileSync(new URL('../../tests/vectors/jobs.json', import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
