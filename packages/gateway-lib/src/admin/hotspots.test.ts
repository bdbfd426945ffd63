import { describe, expect, it } from 'vitest';
import { hotspotsOfCpu, hotspotsOfHeap } from './hotspots.ts';
import type { Frame, HeapNode } from './profile.ts';

const frame = (functionName: string, url = '', lineNumber = -1): Frame => ({
  functionName,
  scriptId: url,
  url,
  lineNumber,
  columnNumber: 0,
});
const FRAMES = [
  frame('(root)'),
  frame('(idle)'),
  frame('(garbage collector)'),
  frame('dispatch', 'file:///app/dispatch.js', 9),
  frame('', 'node:net', 0),
];

describe('the functions of a CPU profile', () => {
  it('have the time until the next sample, in all places of the tree together, and no time in which nothing ran', () => {
    const nodes = [...FRAMES, frame('dispatch', 'file:///app/dispatch.js', 9)].map((callFrame, id) => ({
      id,
      callFrame,
    }));
    const samples = [1, 3, 5, 4, 2, 1];
    const timeDeltas = [0, 5_000, 2_000, 1_000, 600, 400];
    expect(hotspotsOfCpu({ nodes, startTime: 0, endTime: 9_000, samples, timeDeltas })).toEqual([
      { function: 'dispatch', file: '/app/dispatch.js', line: 10, selfMs: 3, selfShare: 0.75 },
      { function: '(anonymous)', file: 'node:net', line: 1, selfMs: 0.6, selfShare: 0.15 },
      { function: '(garbage collector)', file: '', line: 0, selfMs: 0.4, selfShare: 0.1 },
    ]);
  });

  it('are none where nothing was noted', () => {
    expect(hotspotsOfCpu({ nodes: [], startTime: 0, endTime: 1 })).toEqual([]);
  });
});

describe('the functions of a heap profile', () => {
  it('have what they allocated themselves, in all places of the tree together', () => {
    const node = (callFrame: Frame, selfSize: number, children: readonly HeapNode[] = []): HeapNode => ({
      callFrame,
      selfSize,
      children,
    });
    const [root, , , dispatch, other] = FRAMES as [Frame, Frame, Frame, Frame, Frame];
    const head = node(root, 0, [node(dispatch, 300, [node(other, 100, [node(dispatch, 600)])])]);
    expect(hotspotsOfHeap({ head })).toEqual([
      { function: 'dispatch', file: '/app/dispatch.js', line: 10, selfBytes: 900, selfShare: 0.9 },
      { function: '(anonymous)', file: 'node:net', line: 1, selfBytes: 100, selfShare: 0.1 },
    ]);
  });

  it('are the 15 largest', () => {
    const children = Array.from({ length: 40 }, (_, id) => ({
      callFrame: frame(`f${id}`, 'file:///app.js', id),
      selfSize: id,
      children: [],
    }));
    const head = { callFrame: frame('(root)'), selfSize: 0, children };
    const top = hotspotsOfHeap({ head });
    expect(top.map((hotspot) => hotspot.function)).toEqual(children.slice(25).map((_, index) => `f${39 - index}`));
  });
});
