// Figures as a section of docs/BENCHMARKS.md.
//
// A row is `{ what, ours, bare, unit, goal }`: what was measured; our figure; the bare platform's in the same run, if
// there is one; the unit of both; and the goal, if there is one: `{ ratioMax | ratioMin | max | min | plusMax }`, where
// ratios are ours to bare and `plusMax` is how much ours may be above bare, in the unit.

import { cpus, totalmem } from 'node:os';

/** The machine in a few words, without its name. */
export function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/** Whether a row reaches its goal; a row without one does. */
export function reaches({ ours, bare, goal = {} }) {
  const { ratioMax = Infinity, ratioMin = -Infinity, max = Infinity, min = -Infinity, plusMax = Infinity } = goal;
  const isRatioGood = bare === undefined || (ours / bare <= ratioMax && ours / bare >= ratioMin && ours - bare <= plusMax);
  return isRatioGood && ours <= max && ours >= min;
}

/** A sentence for every row that misses its goal. */
export function misses(name, rows) {
  return rows.filter((row) => !reaches(row)).map((row) => `${name}: ${row.what}: ${figure(row.ours)} ${row.unit}, goal ${spoken(row)}`);
}

/** The section of one bench. */
export function section(name, { title, about }, rows, where, when = new Date()) {
  const lines = rows.map((row) => {
    const { what, ours, bare, unit } = row;
    const ratio = bare === undefined ? '' : (ours / bare).toFixed(2);
    const there = bare === undefined ? '' : `${figure(bare)} ${unit}`;
    return `| ${what} | ${figure(ours)} ${unit} | ${there} | ${ratio} | ${spoken(row)} | ${row.goal ? (reaches(row) ? 'yes' : '**no**') : ''} |`;
  });
  return [
    `## ${title}`,
    '',
    about.trim(),
    '',
    '| what | ours | bare platform | ratio | goal | reached |',
    '|---|---:|---:|---:|---|---|',
    ...lines,
    '',
    `\`cargo xtask bench ${name}\`, ${when.toISOString().slice(0, 10)}, ${where}.`,
  ].join('\n');
}

/** The page with the section of bench `name` replaced, or appended where there is none yet. */
export function replaced(page, name, text) {
  const [open, close] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const block = `${open}\n${text}\n${close}`;
  const start = page.indexOf(open);
  const end = page.indexOf(close);
  if (start < 0 || end < start) return `${page.trimEnd()}\n\n${block}\n`;
  return page.slice(0, start) + block + page.slice(end + close.length);
}

/** The value below which the share `part` (0 to 1) of `values` lies. */
export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

function figure(value) {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function spoken({ goal = {}, unit }) {
  return [
    goal.ratioMax !== undefined && `≤ ${goal.ratioMax} × bare`,
    goal.ratioMin !== undefined && `≥ ${goal.ratioMin} × bare`,
    goal.plusMax !== undefined && `≤ bare + ${goal.plusMax} ${unit}`,
    goal.max !== undefined && `≤ ${goal.max} ${unit}`,
    goal.min !== undefined && `≥ ${goal.min} ${unit}`,
  ]
    .filter(Boolean)
    .join(', ');
}
