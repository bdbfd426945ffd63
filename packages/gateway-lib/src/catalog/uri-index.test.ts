import { describe, expect, it } from 'vitest';
import type { Listed } from './merged-list.ts';
import { indexUris } from './uri-index.ts';

const listed = (upstream: string, key: string): Listed => ({
  key,
  origin: { upstream, target: key },
  json: new Uint8Array(),
});

const index = indexUris(
  [listed('files', 'file:///root.txt'), listed('web', 'https://a.example/1'), listed('both', 'https://b.example/1')],
  [
    listed('files', 'file:///{+path}'),
    listed('logs', 'file:///logs/{day}'),
    listed('late', 'file:///logs/{day}/{hour}'),
    listed('db', 'db://users/all'),
    listed('greedy', '{+anything}'),
    listed('notes', 'note://{id}'),
    listed('twin', 'note://{name}'),
    listed('raw', 'note://{id}/raw'),
    listed('broken', 'odd://{'),
    listed('other', 'https://b.example/{id}'),
    listed('open', 'open://{host}/x'),
  ],
);

const upstreamsFor = (uri: string): string[] => index.describers(uri).templates.map(({ origin }) => origin.upstream);

describe('an index of URIs', () => {
  it.each([
    ['file:///a/b', 'files'],
    ['file:///logs/2026', 'logs'],
    ['file:///logs/2026/07', 'late'],
    ['file:///log', 'files'],
    ['note://7/raw', 'raw'],
  ])('gives %s to %s, whose template describes it best', (uri, upstream) => {
    expect(upstreamsFor(uri)).toEqual([upstream]);
    expect(index.describers(uri).isFitting).toBe(true);
  });

  it('names all who describe it equally well, in their order', () => {
    expect(upstreamsFor('note://7')).toEqual(['notes', 'twin']);
  });

  it.each([
    ['file:///', 'files'],
    ['db://users/all', 'db'],
    ['odd://x', 'broken'],
    ['file:///logs/a/b/c', 'files'],
  ])('gives %s to %s, whose template begins like it', (uri, upstream) => {
    expect(upstreamsFor(uri)).toEqual([upstream]);
  });

  it.each(['file://', 'http://x', '', 'FILE:///x'])('knows no template for "%s"', (uri) => {
    expect(index.describers(uri)).toEqual({ templates: [], isFitting: false });
  });

  it.each([
    ['https://a.example/2', 'web'],
    ['HTTPS://A.example/2?x', 'web'],
    ['https://a.example', 'web'],
    ['https://b.example/2', undefined],
    ['https://c.example/2', undefined],
    ['db://users/7', 'db'],
    ['db://groups', undefined],
    ['open://any/y', undefined],
    ['nothing', undefined],
    ['', undefined],
  ])('gives %s to %s alone by scheme and authority', (uri, upstream) => {
    expect(index.ownerOf(uri)).toBe(upstream);
  });
});
