import { IMPOSSIBLE_OFFICIAL, MAX_IMPOSSIBLE_OFFICIAL } from './impossible.ts';
import { openOfficial, serves, SERVERS } from './official-cells.ts';
import { defineSuite } from './suite.ts';

defineSuite({
  peers: SERVERS,
  exists: serves,
  open: openOfficial,
  impossible: IMPOSSIBLE_OFFICIAL,
  maxImpossible: MAX_IMPOSSIBLE_OFFICIAL,
});
