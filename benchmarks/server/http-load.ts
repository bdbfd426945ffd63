import { Connection, postOf } from '../measure/connection.ts';
import { driveClosed, type Limit } from '../measure/drive.ts';
import type { Load } from '../measure/load.ts';
import { callBody, callHeaders, endSession, openSession } from './requests.ts';

/** Whom to load and how; each connection of `session` opens one of the legacy era. */
export interface HttpTarget {
  readonly url: string;
  readonly era: 'modern' | 'stateless' | 'session';
  readonly connections: number;
}

/** Calls the tool in a closed loop on each connection; no two requests have the same id. */
export async function loadHttp({ url, era, connections }: HttpTarget, limit: Limit): Promise<Load> {
  const open = async (): Promise<string | undefined> =>
    era === 'modern' ? undefined : era === 'session' ? openSession(url) : '';
  const sessions = await Promise.all(Array.from({ length: connections }, open));
  const callers = sessions.map((session) => new Connection(new URL(url), requestFor(new URL(url), session)));
  const load = await driveClosed(callers, limit);
  for (const session of sessions) if (session) await endSession(url, session);
  return load;
}

const requestFor = (url: URL, session: string | undefined): Buffer =>
  postOf(url, callHeaders(session), callBody(session === undefined ? 'modern' : 'legacy'));
