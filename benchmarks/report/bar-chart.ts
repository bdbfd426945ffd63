/** One bar of a chart. */
export interface Bar {
  readonly value: number;
  /** Beside the bar. */
  readonly text: string;
  /** A key of {@link Chart.tones}. */
  readonly tone: string;
  /** From the least to the most that was measured. */
  readonly range?: readonly [low: number, high: number];
  /** Where a target is. */
  readonly mark?: number;
}

/** Horizontal bars in groups. */
export interface Chart {
  readonly title: string;
  /** What the axis shows, with its unit. */
  readonly axis: string;
  /** Colours by name, for the legend. */
  readonly tones: Readonly<Record<string, string>>;
  /** What a mark says, if there are any. */
  readonly markName?: string;
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
}

const WIDTH = 960;
const LEFT = 320;
const RIGHT = 230;
const TOP = 78;
const BAR = 15;
const STEP = 19;
const GAP = 9;
const TEXT_COLOR = '#1f2328';
const QUIET_COLOR = '#59636e';
const MARK_COLOR = '#cf222e';

/** Draws a chart as SVG. It has a background of its own, so that it can be read on a light and on a dark page. */
export function barChart(chart: Chart): string {
  const rows = chart.groups.reduce((sum, { bars }) => sum + bars.length * STEP + GAP, 0);
  const height = TOP + rows + 52;
  const { ticks, end } = ticksTo(Math.max(...chart.groups.flatMap(({ bars }) => bars.map(extentOf))));
  const x = (value: number): number => LEFT + (value / end) * (WIDTH - LEFT - RIGHT);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="${TEXT_COLOR}">`,
    `<title>${escape(chart.title)}</title>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" fill="#ffffff" stroke="#d1d9e0"/>`,
    `<text x="20" y="28" font-size="15" font-weight="600">${escape(chart.title)}</text>`,
    ...legendOf(chart),
    ...ticks.flatMap((tick) => [
      `<line x1="${fixed(x(tick))}" y1="${TOP - 6}" x2="${fixed(x(tick))}" y2="${TOP + rows}" stroke="#e6eaef"/>`,
      `<text x="${fixed(x(tick))}" y="${TOP + rows + 16}" text-anchor="middle" fill="${QUIET_COLOR}">${tick.toLocaleString('en')}</text>`,
    ]),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 14}" text-anchor="middle" fill="${QUIET_COLOR}">${escape(chart.axis)}</text>`,
    ...groupsOf(chart, x),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const extentOf = ({ value, range, mark }: Bar): number => Math.max(value, range?.[1] ?? 0, mark ?? 0);

function groupsOf({ groups, tones }: Chart, x: (value: number) => number): string[] {
  let y = TOP;
  return groups.flatMap(({ label, bars }) => {
    const middle = y + (bars.length * STEP) / 2;
    const lines = [`<text x="${LEFT - 10}" y="${fixed(middle + 2)}" text-anchor="end">${escape(label)}</text>`];
    for (const bar of bars) {
      lines.push(...barOf(bar, tones[bar.tone] ?? QUIET_COLOR, { x, y }));
      y += STEP;
    }
    y += GAP;
    return lines;
  });
}

function barOf(bar: Bar, color: string, { x, y }: { x: (value: number) => number; y: number }): string[] {
  const middle = y + BAR / 2;
  const lines = [
    `<rect x="${LEFT}" y="${fixed(y)}" width="${fixed(x(bar.value) - LEFT)}" height="${BAR}" rx="2" fill="${color}"/>`,
    `<text x="${fixed(x(extentOf(bar)) + 8)}" y="${fixed(middle + 4)}">${escape(bar.text)}</text>`,
  ];
  if (bar.range) {
    const [low, high] = bar.range.map(x);
    const line = `<path d="M${fixed(low)} ${middle}H${fixed(high)}"`;
    // White beside it, for bars as dark as the line.
    lines.push(`${line} stroke="#ffffff" stroke-width="4"/>`, `${line} stroke="${TEXT_COLOR}" stroke-width="1.5"/>`);
  }
  if (bar.mark !== undefined)
    lines.push(
      `<path d="M${fixed(x(bar.mark))} ${y - 3}v${BAR + 6}" stroke="${MARK_COLOR}" stroke-width="3" stroke-linecap="round"/>`,
    );
  return lines;
}

/** The colours, the range and the mark. */
function legendOf({ tones, markName, groups }: Chart): string[] {
  const names = Object.entries(tones).map(([name, color]) => ({
    name,
    shape: `<rect y="-10" width="14" height="10" rx="2" fill="${color}"/>`,
  }));
  const hasRanges = groups.some(({ bars }) => bars.some(({ range }) => range));
  const items = [
    ...names,
    ...(hasRanges
      ? [{ name: 'least to most', shape: `<path d="M0 -5h14" stroke="${TEXT_COLOR}" stroke-width="1.5"/>` }]
      : []),
    ...(markName ? [{ name: markName, shape: `<path d="M7 -11v12" stroke="${MARK_COLOR}" stroke-width="3"/>` }] : []),
  ];
  let x = 20;
  return items.map(({ name, shape }) => {
    const item = `<g transform="translate(${x} 52)">${shape}<text x="20" fill="${QUIET_COLOR}">${escape(name)}</text></g>`;
    x += 48 + name.length * 6.6;
    return item;
  });
}

/** Round numbers from 0 to at least `most`. */
function ticksTo(most: number): { readonly ticks: readonly number[]; readonly end: number } {
  const rough = most / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const count = Math.ceil(most / step);
  return {
    ticks: Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6))),
    end: count * step,
  };
}

const fixed = (value = 0): string => value.toFixed(1);

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
