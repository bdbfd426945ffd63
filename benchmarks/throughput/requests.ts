import { ID_MARK, postOf } from '../measure/connection.ts';
import { callBody, callHeaders, ENVELOPE } from '../server/requests.ts';
import { TOKEN } from './gateway-parts.ts';

/** What is asked of a server. `session` needs one of the legacy era. */
export type RequestName = 'call' | 'renamed' | 'authorized' | 'session' | 'list';

/** 450 bytes of body, as a real client sends it. */
const args = { text: 'The quick brown fox jumps over the lazy dog. '.repeat(4) };

/** Makes the bytes of a request. @param session - of the legacy era */
export function requestFor(name: RequestName, url: URL, session?: string): Buffer {
  switch (name) {
    case 'call':
      return postOf(url, callHeaders(undefined, 'echo'), callBody('modern', { name: 'echo', args }));
    case 'session':
      return postOf(url, callHeaders(session, 'echo'), callBody('legacy', { name: 'echo', args }));
    case 'renamed':
      return postOf(url, callHeaders(undefined, 'up_echo'), callBody('modern', { name: 'up_echo', args }));
    case 'authorized': {
      const headers = { ...callHeaders(undefined, 'up_echo'), Authorization: `Bearer ${TOKEN}` };
      return postOf(
        url,
        { ...headers, Origin: 'https://app.example.com' },
        callBody('modern', { name: 'up_echo', args }),
      );
    }
    case 'list': {
      const { 'Mcp-Name': _, ...headers }: Record<string, string> = { ...callHeaders(), 'Mcp-Method': 'tools/list' };
      return postOf(
        url,
        headers,
        `{"jsonrpc":"2.0","id":${ID_MARK},"method":"tools/list","params":${JSON.stringify(ENVELOPE)}}`,
      );
    }
  }
}
