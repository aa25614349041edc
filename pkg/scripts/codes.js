// Writes CODES.md, the table of every code the package knows, from where their sentences stand. After `npm run build:ts`.
import { writeFileSync } from 'node:fs';

import { SENTENCES } from '../dist/errors.js';
import { WORD, wrong } from '../dist/job/words.js';
import { WORD as LEDGER, wrong as ofLedger } from '../dist/ledger/words.js';
import { FAULT, fault } from '../dist/module/faults.js';

const GROUPS = [
  ['How operations end', 100, 'A status of the network. `put`, `get`, `send` and the others have sentences of their own for some of them.'],
  ['Why a link ended', 400, 'Of the events `peerleft` and `dialfailed`.'],
  ['What a signalling server refused', 500, 'Of the event `fault`.'],
  ['What the package finds', 1000, 'Of errors that are thrown, and of the event `fault`.'],
  ['Modules', 1070, 'Of `tabmesh/module`.'],
  ['Jobs', 1080, 'Of `tabmesh/job`. The reason why a task failed is the name of one.'],
  ['Ledger', 1120, 'Of `tabmesh/ledger`. From 1141 on: why an operation was refused, 1140 and the number that `docs/LEDGER.md` has for it.'],
];

/** The text of CODES.md. */
export function table() {
  const words = Object.entries(SENTENCES).map(([code, [name, sentence]]) => ({ code: Number(code), name, sentence }));
  const ofModules = Object.values(FAULT).map((code) => ({ code, name: fault(code).name, sentence: fault(code).message }));
  const ofJobs = Object.values(WORD).map((code) => ({ code, name: wrong(code).name, sentence: wrong(code).message }));
  const ofLedgers = Object.values(LEDGER).map((code) => ({ code, name: ofLedger(code).name, sentence: ofLedger(code).message }));
  const all = [...words, ...ofModules, ...ofJobs, ...ofLedgers].sort((one, other) => one.code - other.code);
  const sections = GROUPS.map(([title, first, about], number) => {
    const end = GROUPS[number + 1]?.[1] ?? Infinity;
    const rows = all.filter(({ code }) => code >= first && code < end).map(({ code, name, sentence }) => `| ${code} | \`${name}\` | ${sentence} |`);
    return [`## ${title}`, '', about, '', '| code | name | what it says |', '|---|---|---|', ...rows, ''].join('\n');
  });
  return ['# Codes', '', 'A `MeshError` has a `code` and a `name` that stay as they are from version to version; its sentence may change.', '', ...sections].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync(new URL('../CODES.md', import.meta.url), table());
