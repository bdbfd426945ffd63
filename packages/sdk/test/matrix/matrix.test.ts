import { CLIENTS, exists, openCell } from './cells.ts';
import { IMPOSSIBLE, MAX_IMPOSSIBLE } from './impossible.ts';
import { defineSuite } from './suite.ts';

defineSuite({ peers: CLIENTS, exists, open: openCell, impossible: IMPOSSIBLE, maxImpossible: MAX_IMPOSSIBLE });
