import type { BenchResults, Range, RowResult } from '../throughput/results.ts';
import { leastOf } from '../throughput/targets.ts';
import { barChart, type Bar } from './bar-chart.ts';

const OURS = '#2da44e';
const OTHERS = '#8c959f';
const SHADES = ['#9ecbff', '#3b82d6', '#0b3d78'];

/** The plots of a run: what a file's name ends with, and the SVG. */
export function plotsOf(results: BenchResults): Readonly<Record<string, string>> {
  return { cpu: plotOfCpu(results), latency: plotOfLatency(results), peers: plotOfPeers(results) };
}

function plotOfCpu({ rows, facts }: BenchResults): string {
  const toBar = (row: RowResult): Bar => {
    const { median, min, max } = row.cpuMicrosPerCall;
    const least = leastOf(row.name, facts.node);
    const base = rows.find(({ name }) => name === row.comparedWith);
    const ratio = least === undefined ? '' : `  (ratio ${row.cpuRatio.median.toFixed(2)}, target ${least})`;
    return {
      value: median,
      range: [min, max],
      text: `${median.toFixed(1)} µs${ratio}`,
      tone: isOurs(row) ? 'gateway' : 'compared with',
      ...(least === undefined || !base ? {} : { mark: base.cpuMicrosPerCall.median / least }),
    };
  };
  return barChart({
    title: `CPU time per call, Node ${facts.node}`,
    axis: 'CPU time of the server per call, µs (less is better)',
    tones: { gateway: OURS, 'compared with': OTHERS },
    markName: 'target: no further than here',
    groups: rows.map((row) => ({ label: row.name, bars: [toBar(row)] })),
  });
}

function plotOfLatency({ latency, facts }: BenchResults): string {
  const toBar = ({ median, min, max }: Range, tone: string): Bar => ({
    ...{ value: median, range: [min, max], tone },
    text: `${median.toFixed(2)} ms`,
  });
  return barChart({
    title: `Latency at 1,000 calls/s, Node ${facts.node}`,
    axis: 'time from when a call was due to its whole answer, ms (less is better)',
    tones: { p50: SHADES[0]!, p95: SHADES[1]!, p99: SHADES[2]! },
    groups: latency.map(({ name, p50Ms, p95Ms, p99Ms }) => ({
      label: name,
      bars: [toBar(p50Ms, 'p50'), toBar(p95Ms, 'p95'), toBar(p99Ms, 'p99')],
    })),
  });
}

function plotOfPeers({ peers, facts }: BenchResults): string {
  return barChart({
    title: `Calls per second beside other programs, Node ${facts.node}`,
    axis: 'calls/s through one process on one core (more is better)',
    tones: { gateway: OURS, 'other program': OTHERS },
    groups: peers.map((row) => {
      const { median, min, max } = row.callsPerSecond;
      const text = `${median.toFixed(0)} calls/s`;
      const tone = isOurs(row) ? 'gateway' : 'other program';
      return { label: row.name, bars: [{ value: median, range: [min, max] as const, text, tone }] };
    }),
  });
}

const isOurs = ({ name }: RowResult): boolean => name.startsWith('gateway');
