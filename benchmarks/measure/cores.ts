import { cpus } from 'node:os';

/** Whether generator and server each have a core of their own, as they have where there are two. */
export const isPinned = cpus().length > 1;
/** Where the generator runs, and with it the upstreams. */
export const GENERATOR_CORE = 0;
/** Where the server runs that is measured. */
export const SERVER_CORE = 1;
/** Where a server runs that uses several cores: beside the generator, if there are no others. */
export const SPREAD_CORES = cpus().length > 2 ? `1-${cpus().length - 1}` : '0-1';

/** The options of a child that is to run on a core, or on several as `taskset` names them, if processes are pinned. */
export const onCore = (core: number | string): { readonly core?: number | string } => (isPinned ? { core } : {});
