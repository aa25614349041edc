// Goal: no module of the package imports itself by a detour, for types neither: each can be read and changed by itself.
// Method: walk the relative imports of the sources; a module that is reached from itself is a circle.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const SOURCES = new URL('../src/', import.meta.url);

/** The modules that the text of `name` imports, by their paths under `src/`. */
function importsOf(name) {
  const text = readFileSync(new URL(name, SOURCES), 'utf8');
  const paths = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path]) => path);
  return paths.map((path) => new URL(path, new URL(name, SOURCES)).href.replace(/\.js$/, '.ts'));
}

/** A way from `start` back to itself, if there is one. */
function circleFrom(start, edges) {
  const ways = edges.get(start).map((next) => [start, next]);
  const seen = new Set();
  for (let way = ways.shift(); way; way = ways.shift()) {
    const last = way.at(-1);
    if (last === start) return way;
    if (seen.has(last)) continue;
    seen.add(last);
    ways.push(...(edges.get(last) ?? []).map((next) => [...way, next]));
  }
  return undefined;
}

test('no import leads back to where it began', () => {
  const names = readdirSync(SOURCES, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const edges = new Map(names.map((name) => [new URL(name, SOURCES).href, importsOf(name)]));
  assert.ok(edges.size > 50 && [...edges.values()].flat().length > 100, 'the sources were found');
  const short = (href) => href.slice(SOURCES.href.length);
  const circles = [...edges.keys()].map((start) => circleFrom(start, edges)?.map(short).join(' -> ')).filter(Boolean);
  assert.deepEqual(circles, []);
});
