import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CITED_RULES } from './cited.ts';
import { NOT_BINDING } from './not-binding.ts';
import { PAGES } from './pages.ts';
import { RULES } from './requirements.ts';
import type { Rule } from './rule.ts';
import { Subject, type Fake } from './subject.ts';

const open: Subject[] = [];
afterEach(async () => {
  for (const subject of open.splice(0)) await subject.close();
});

const check = async (rule: Rule, fake?: Fake): Promise<void> => {
  const subject = new Subject(rule.upstream ?? 'modern', fake);
  open.push(subject);
  await rule.check(subject);
};

const titled = RULES.map((rule) => [`${rule.at}: ${rule.rule}`, rule] as const);

describe('a gateway keeps', () => {
  it.each(titled)('%s', (_, rule) => check(rule));
});

describe('a fake that breaks it is found out', () => {
  it.each(titled)('%s', async (_, rule) => {
    await expect(check(rule, rule.fake)).rejects.toThrow();
  });
});

describe('a test shows', () => {
  it.each(CITED_RULES.map((cited) => [`${cited.at.join('; ')}: ${cited.rule}`, cited] as const))(
    '%s',
    async (_, { shownBy: [file, title] }) => {
      const text = await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');
      expect(["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote},`))).toBe(true);
    },
  );
});

describe('the list', () => {
  const named = new Set<string>([
    ...RULES.flatMap(({ at, also = [] }) => [at, ...also]),
    ...CITED_RULES.flatMap(({ at }) => at),
    ...NOT_BINDING.flatMap(({ at }) => at),
  ]);
  const places = Object.entries(PAGES).flatMap(([revision, pages]) =>
    Object.entries<readonly string[]>(pages).flatMap(([page, headings]) =>
      headings.map((heading) => `${revision} ${page}, ${heading}`),
    ),
  );

  it('names all places at which something must be done, and no others', () => {
    expect([...named].sort()).toEqual(places.sort());
  });

  it('has no rule twice', () => {
    const all = titled.map(([title]) => title);
    expect(new Set(all).size).toBe(all.length);
  });
});
