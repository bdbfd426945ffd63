import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../../src/index.ts';
import { listen } from '../support/clients.ts';
import { modernRequest } from '../support/raw.ts';
import { CITED_RULES } from './cited.ts';
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

describe('a test shows', () => {
  it.each(CITED_RULES.map((cited) => [`${cited.revision} ${cited.section}: ${cited.rule}`, cited] as const))(
    '%s',
    async (_, { shownBy: [file, title] }) => {
      expect(await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8')).toContain(title);
    },
  );

  it('no rule twice', () => {
    const all = titled.map(([title]) => title);
    expect(new Set(all).size).toBe(all.length);
  });
});

it('names of headers may be written in any case', async () => {
  const gateway = new Gateway({
    upstreams: { up: { server: new MCPServerBuilder({ name: 'up', version: '1' }).build() } },
  });
  const http = await listen(gateway);
  const { body, headers } = modernRequest('server/discover');
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  const status = await new Promise((resolve, reject) => {
    const sent = request(http.url, { method: 'POST', headers: upper }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end(body);
  });
  expect(status).toBe(200);
  await gateway.close();
  await http.close();
});
