import { afterEach, describe, expect, it } from 'vitest';
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

const titled = RULES.map((rule) => [`${rule.revision} ${rule.section}: ${rule.rule}`, rule] as const);

describe('a gateway keeps', () => {
  it.each(titled)('%s', (_, rule) => check(rule));
});

describe('a fake that breaks it is found out', () => {
  it.each(titled)('%s', async (_, rule) => {
    await expect(check(rule, rule.fake)).rejects.toThrow();
  });
});
