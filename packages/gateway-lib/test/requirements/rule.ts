import type { Era } from '@org/mcp-sdk';
import type { Fake, Subject } from './subject.ts';

/** A MUST or MUST NOT that binds a gateway, and how one sees whether it is kept. */
export interface Rule {
  readonly revision: '2025-11-25' | '2026-07-28';
  /** Page and heading of the specification. */
  readonly section: string;
  /** In our words. */
  readonly rule: string;
  /** Era of the upstream. @defaultValue `modern` */
  readonly upstream?: Era;
  /** Fails where the rule is broken. */
  readonly check: (subject: Subject) => Promise<void>;
  /** A gateway that breaks it: the check has to fail. */
  readonly fake: Fake;
}

/** Rules of one page. */
export const rulesOf = (
  revision: Rule['revision'],
  page: string,
  rules: readonly Omit<Rule, 'revision'>[],
): readonly Rule[] => rules.map((rule) => ({ ...rule, revision, section: `${page}, ${rule.section}` }));
