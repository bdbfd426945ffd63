import { reportCpu } from '../measure/child.ts';

/** Loaded into programs that are not ours. */
reportCpu();
