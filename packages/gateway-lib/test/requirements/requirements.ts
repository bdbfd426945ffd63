import { LEGACY_CLIENT_RULES } from './legacy-client-rules.ts';
import { LEGACY_RULES } from './legacy-rules.ts';
import { MODERN_BASE_RULES, MODERN_VERSION_RULES } from './modern-base-rules.ts';
import { CAPABILITY_RULES, MODERN_FEATURE_RULES } from './modern-feature-rules.ts';
import { MODERN_HTTP_CLIENT_RULES, MODERN_HTTP_RULES } from './modern-http-rules.ts';
import { LEGACY_PROGRESS_RULES, MODERN_PATTERN_RULES } from './modern-pattern-rules.ts';
import type { Rule } from './rule.ts';

/** Rules that are checked from outside, and whose checks fakes turn red. */
export const RULES: readonly Rule[] = [
  ...MODERN_BASE_RULES,
  ...MODERN_VERSION_RULES,
  ...MODERN_HTTP_RULES,
  ...MODERN_HTTP_CLIENT_RULES,
  ...MODERN_PATTERN_RULES,
  ...MODERN_FEATURE_RULES,
  ...CAPABILITY_RULES,
  ...LEGACY_RULES,
  ...LEGACY_PROGRESS_RULES,
  ...LEGACY_CLIENT_RULES,
];
