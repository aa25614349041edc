import { describe, expect, test } from 'vitest';
import { type Stage, later, stepsAt } from '../src/steps.ts';

const marks = (stage: Stage): string => stepsAt(stage).map(({ state }) => state[0]).join('');

describe('the steps of joining', () => {
  test.each<[Stage, string]>([
    ['storage', 'nllll'], ['identity', 'nllll'], ['core', 'dnlll'], ['running', 'ddnll'], ['signalling', 'dddnl'],
    ['link', 'ddddn'], ['joined', 'ddddd'],
  ])('at %s stand as %s', (stage, expected) => expect(marks(stage)).toBe(expected));

  test('only ever go on', () => {
    expect(later('link', 'signalling')).toBe('link');
    expect(later('storage', 'core')).toBe('core');
    expect(later('joined', 'joined')).toBe('joined');
  });
});
