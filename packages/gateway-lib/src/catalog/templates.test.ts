import { describe, expect, it } from 'vitest';
import { indexTemplates } from './templates.ts';

const index = indexTemplates(
  new Map([
    ['file:///{+path}', { upstream: 'files', target: 'file:///{+path}' }],
    ['file:///logs/{day}', { upstream: 'logs', target: 'file:///logs/{day}' }],
    ['file:///logs/{day}/{hour}', { upstream: 'late', target: 'file:///logs/{day}/{hour}' }],
    ['db://users/all', { upstream: 'db', target: 'db://users/all' }],
    ['{+anything}', { upstream: 'greedy', target: '{+anything}' }],
  ]),
);

describe('an index of templates', () => {
  it.each([
    ['file:///a/b', 'files'],
    ['file:///logs/2026', 'logs'],
    ['file:///log', 'files'],
    ['file:///', 'files'],
    ['db://users/all', 'db'],
  ])('gives %s to %s, whose template shares most with it', (uri, upstream) => {
    expect(index.find(uri)).toEqual({ upstream, target: uri });
  });

  it.each(['file://', 'http://x', '', 'FILE:///x'])('knows nobody for "%s"', (uri) => {
    expect(index.find(uri)).toBeUndefined();
  });

  it('finds templates themselves, for completion', () => {
    expect(index.find('file:///logs/{day}')).toEqual({ upstream: 'logs', target: 'file:///logs/{day}' });
  });
});
