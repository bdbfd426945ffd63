import type { Era } from '@org/mcp-sdk';
import type { PAGES } from './pages.ts';
import type { Fake, Subject } from './subject.ts';

type Pages = typeof PAGES;
export type Revision = keyof Pages;
type PageOf<R extends Revision> = keyof Pages[R] & string;
type HeadingOf<R extends Revision, P extends PageOf<R>> = Pages[R][P] extends readonly (infer H extends string)[]
  ? H
  : never;

/** A heading of a page of a revision under which something must be done. */
export type Place = {
  [R in Revision]: { [P in PageOf<R>]: `${R} ${P}, ${HeadingOf<R, P>}` }[PageOf<R>];
}[Revision];

/** A MUST or MUST NOT that binds a gateway, and how one sees whether it is kept. */
export interface Rule {
  readonly at: Place;
  /** What says the same elsewhere, or is seen by the same check. */
  readonly also?: readonly Place[];
  /** In our words. */
  readonly rule: string;
  /** Era of the upstream. @defaultValue `modern` */
  readonly upstream?: Era;
  /** Fails where the rule is broken. */
  readonly check: (subject: Subject) => Promise<void>;
  /** A gateway that breaks it: the check has to fail. */
  readonly fake: Fake;
}

/** A rule of a page that is known. */
export type RuleOf<R extends Revision, P extends PageOf<R>> = Omit<Rule, 'at'> & { readonly section: HeadingOf<R, P> };

/** Rules of one page. */
export const rulesOf = <R extends Revision, P extends PageOf<R>>(
  revision: R,
  page: P,
  rules: readonly RuleOf<R, P>[],
): readonly Rule[] =>
  rules.map(({ section, ...rule }) => ({ ...rule, at: `${revision} ${page}, ${section}` as Place }));
