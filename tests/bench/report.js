// Figures as a section of docs/BENCHMARKS.md.
//
// A row is `{ what, ours, bare, unit, goal }`: what was measured; our figure; the bare platform's in the same run, if
// there is one; the unit of both; and the goal, if there is one: `{ ratioMax | ratioMin | max | min | plusMax }`, where
// ratios are ours to bare and `plusMax` is how much ours may be above bare, in the unit.

/** Whether a row reaches its goal; a row without one does. */
export function reaches({ ours, bare, goal = {} }) {
  const { ratioMax, ratioMin, max = Infinity, min = -Infinity, plusMax = Infinity } = goal;
  // Multiplied, not divided: a bare figure may be zero.
  const isTooMuch = ratioMax !== undefined && ours > ratioMax * bare;
  const isTooLittle = ratioMin !== undefined && ours < ratioMin * bare;
  const isNear = bare === undefined || ours - bare <= plusMax;
  return !isTooMuch && !isTooLittle && isNear && ours <= max && ours >= min;
}

/** A sentence for every row that misses its goal. */
export function misses(name, rows) {
  return rows.filter((row) => !reaches(row)).map((row) => `${name}: ${row.what}: ${figure(row.ours)} ${row.unit}, goal ${spoken(row)}`);
}

/** The section of one bench, measured at `where`; `warn` is what a reader must know before trusting it, if anything. */
export function section(name, { title, about }, rows, where, warn, when = new Date()) {
  return [
    `## ${title}`,
    '',
    about.trim(),
    '',
    ...(warn ? [`**${warn}**`, ''] : []),
    '| what | ours | bare platform | ours / bare | goal | result |',
    '|---|---:|---:|---:|---|---|',
    ...rows.map(line),
    '',
    `\`cargo xtask bench ${name}\`, ${when.toISOString().slice(0, 10)}, ${where}.`,
  ].join('\n');
}

function line(row) {
  const { what, ours, bare, unit } = row;
  const ratio = bare > 0 ? (ours / bare).toFixed(2) : '';
  const there = bare === undefined ? '' : `${figure(bare)} ${unit}`;
  return `| ${what} | ${figure(ours)} ${unit} | ${there} | ${ratio} | ${spoken(row)} | ${result(row)} |`;
}

/** Met, or missed by how much of what is allowed. */
function result(row) {
  if (!row.goal) return '';
  if (reaches(row)) return 'met';
  const { ours, bare, goal } = row;
  const bounds = [
    goal.ratioMax !== undefined && goal.ratioMax * bare,
    goal.ratioMin !== undefined && goal.ratioMin * bare,
    goal.plusMax !== undefined && bare + goal.plusMax,
    goal.max,
    goal.min,
  ];
  const shares = bounds.filter((bound) => typeof bound === 'number').map((bound) => Math.abs(ours / bound - 1));
  return `**missed by ${Math.ceil(Math.max(...shares) * 100)} %**`;
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

/** The middle of `values`; of an even number, the greater of the two. */
export const median = (values) => percentile(values, 0.5);

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

/** The mean of ratios. */
export const geometricMean = (ratios) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
