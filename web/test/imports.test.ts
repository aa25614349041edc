/** No module of the app imports itself by a detour, for types neither. */
import { expect, test } from 'vitest';

const texts = import.meta.glob<string>('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });

function importsOf(path: string): string[] {
  const here = new URL(path, 'file:///test/');
  const found = (texts[path] ?? '').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.tsx?)'/g);
  return [...found].map(([, module]) => `..${new URL(module!, here).pathname}`);
}

/** What `start` reaches by one import or more. */
function reachOf(start: string): Set<string> {
  const reach = new Set<string>();
  const waiting = importsOf(start);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (reach.has(next)) continue;
    reach.add(next);
    waiting.push(...importsOf(next));
  }
  return reach;
}

test('no import leads back to where it began', () => {
  const modules = Object.keys(texts);
  expect(reachOf('../src/main.tsx').size).toBeGreaterThan(15);
  expect(modules.filter((module) => reachOf(module).has(module))).toEqual([]);
});
