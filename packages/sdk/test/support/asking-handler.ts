import { isJsonObject, Payload, resultReply, type Handler, type JsonObject } from '../../src/index.ts';

const reply = (result: JsonObject): ReturnType<Handler> => Promise.resolve(resultReply(Payload.of(result)));

const QUESTION = {
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message: 'Who are you?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  },
};

/** A server, written by hand, with the one tool `greet`, which asks for the name. */
export const askingHandler: Handler = (call) => {
  if (call.method === 'server/discover') return reply(DISCOVERED);
  if (call.method === 'tools/list')
    return reply({ resultType: 'complete', tools: [{ name: 'greet', inputSchema: { type: 'object' } }] });
  const { inputResponses } = call.params.value;
  const answer = isJsonObject(inputResponses) ? inputResponses.who : undefined;
  if (!isJsonObject(answer))
    return reply({ resultType: 'input_required', inputRequests: { who: QUESTION }, requestState: 'asked' });
  const name = isJsonObject(answer.content) ? String(answer.content.name) : 'nobody';
  return reply({ resultType: 'complete', content: [{ type: 'text', text: `Hello, ${name}!` }] });
};

const DISCOVERED = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'asking', version: '1.0.0' } },
};
