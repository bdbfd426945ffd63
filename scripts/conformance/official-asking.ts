// The tools and the prompt of the official server that ask, written as its SDK wants it: each returns its questions until
// the answers are there. To a legacy client with a session the SDK sends them as requests.
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  type createRequestStateCodec,
  type InputRequests,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CHOICES, DEFAULTS, said, text } from './content.ts';

/** Seals the state of calls that ask, and opens it. */
export type RequestStates = ReturnType<typeof createRequestStateCodec<{ tool: string; round: number }>>;

type Answers = ServerContext['mcpReq']['inputResponses'];

const NAME = z.object({ name: z.string() });
const OK = z.object({ ok: z.boolean() });

const askName = inputRequired.elicit({ message: 'What is your name?', requestedSchema: NAME });
const sampleOf = (prompt: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: said(prompt), maxTokens });

const answer = (value: string) => ({ content: [text(value)] });

/** Adds them. */
export function addOfficialAsking(server: McpServer, states: RequestStates): void {
  addRequests(server);
  addRounds(server);
  addStates(server, states);
  addManyRounds(server, states);
  addPrompt(server);
}

/** Asks for one thing until `read` finds the answer, and says it. */
function addOneQuestion(
  server: McpServer,
  tool: string,
  { inputRequests, read }: { inputRequests: InputRequests; read: (answers: Answers) => unknown },
): void {
  server.registerTool(tool, { description: tool }, ({ mcpReq }: ServerContext) => {
    const found = read(mcpReq.inputResponses);
    return found === undefined ? inputRequired({ inputRequests }) : answer(`Answer: ${JSON.stringify(found)}`);
  });
}

const sampled = (answers: Answers, key: string): unknown => {
  const found = inputResponse(answers, key);
  return found.kind === 'sampling' ? found.result.content : undefined;
};

/** What earlier revisions know as requests of the server. */
function addRequests(server: McpServer): void {
  const prompt = { description: 'sampling', inputSchema: z.object({ prompt: z.string() }) };
  server.registerTool('test_sampling', prompt, (given, { mcpReq }) => {
    const found = sampled(mcpReq.inputResponses, 'it');
    if (found === undefined) return inputRequired({ inputRequests: { it: sampleOf(given.prompt, 100) } });
    return answer(`LLM response: ${JSON.stringify(found)}`);
  });
  const message = { description: 'elicitation', inputSchema: z.object({ message: z.string() }) };
  const user = z.object({ username: z.string(), email: z.string() });
  server.registerTool('test_elicitation', message, (given, { mcpReq }) => {
    const found = inputResponse(mcpReq.inputResponses, 'it');
    const it = inputRequired.elicit({ message: given.message, requestedSchema: user });
    return found.kind === 'elicit'
      ? answer(`User response: ${JSON.stringify(found)}`)
      : inputRequired({ inputRequests: { it } });
  });
  for (const [tool, requestedSchema] of [
    ['test_elicitation_sep1034_defaults', DEFAULTS],
    ['test_elicitation_sep1330_enums', CHOICES],
  ] as const)
    server.registerTool(tool, { description: tool }, ({ mcpReq }: ServerContext) => {
      const found = inputResponse(mcpReq.inputResponses, 'it');
      const it = inputRequired.elicit({ message: 'Please fill in the form', requestedSchema });
      if (found.kind !== 'elicit') return inputRequired({ inputRequests: { it } });
      return answer(`Elicitation completed: action=${found.action}, content=${JSON.stringify(found.content ?? {})}`);
    });
  addOneQuestion(server, 'test_missing_capability', {
    inputRequests: { it: sampleOf('Say it.', 5) },
    read: (answers) => sampled(answers, 'it'),
  });
}

/** What the modern revision knows as rounds. */
function addRounds(server: McpServer): void {
  addOneQuestion(server, 'test_input_required_result_elicitation', {
    inputRequests: { user_name: askName },
    read: (answers) => acceptedContent(answers, 'user_name', NAME),
  });
  addOneQuestion(server, 'test_input_required_result_sampling', {
    inputRequests: { capital_question: sampleOf('What is the capital of France?', 100) },
    read: (answers) => sampled(answers, 'capital_question'),
  });
  addOneQuestion(server, 'test_input_required_result_list_roots', {
    inputRequests: { client_roots: inputRequired.listRoots() },
    read: (answers) => rootsOf(answers),
  });
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'input required result capabilities' },
    ({ mcpReq }: ServerContext) => {
      const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
      const declared = Object.keys(envelope[CLIENT_CAPABILITIES_META_KEY] ?? {});
      const inputRequests: InputRequests = {
        ...(declared.includes('elicitation') ? { user_name: askName } : {}),
        ...(declared.includes('sampling') ? { greeting: sampleOf('Say it.', 5) } : {}),
      };
      const hasQuestion = Object.keys(inputRequests).length > 0 && mcpReq.inputResponses === undefined;
      return hasQuestion ? inputRequired({ inputRequests }) : answer('done');
    },
  );
}

function rootsOf(answers: Answers): unknown {
  const found = inputResponse(answers, 'client_roots');
  return found.kind === 'roots' ? found.roots : undefined;
}

/** Tools whose state must come back as it was. */
function addStates(server: McpServer, states: RequestStates): void {
  for (const tool of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state'])
    server.registerTool(tool, { description: tool }, async ({ mcpReq }: ServerContext) => {
      const confirmed = acceptedContent(mcpReq.inputResponses, 'confirm', OK);
      if (mcpReq.requestState<{ tool: string }>()?.tool === tool && confirmed) return answer('state-ok');
      return inputRequired({
        inputRequests: { confirm: inputRequired.elicit({ message: 'Please confirm', requestedSchema: OK }) },
        requestState: await states.mint({ tool, round: 1 }),
      });
    });
}

/** Several questions, and several rounds. */
function addManyRounds(server: McpServer, states: RequestStates): void {
  const several = 'test_input_required_result_multiple_inputs';
  server.registerTool(several, { description: several }, async ({ mcpReq }: ServerContext) => {
    const { inputResponses } = mcpReq;
    const found = [
      acceptedContent(inputResponses, 'user_name', NAME),
      sampled(inputResponses, 'greeting'),
      rootsOf(inputResponses),
    ];
    if (found.every((each) => each !== undefined)) return answer(JSON.stringify(found));
    return inputRequired({
      inputRequests: {
        user_name: askName,
        greeting: sampleOf('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await states.mint({ tool: several, round: 1 }),
    });
  });
  const rounds = 'test_input_required_result_multi_round';
  const steps = [
    { step1: inputRequired.elicit({ message: 'Step 1: What is your name?', requestedSchema: NAME }) },
    {
      step2: inputRequired.elicit({
        message: 'Step 2: What is your favorite color?',
        requestedSchema: z.object({ color: z.string() }),
      }),
    },
  ];
  server.registerTool(rounds, { description: rounds }, async ({ mcpReq }: ServerContext) => {
    const round = mcpReq.requestState<{ round: number }>()?.round ?? 0;
    const inputRequests = steps[round];
    if (!inputRequests) return answer('done');
    return inputRequired({ inputRequests, requestState: await states.mint({ tool: rounds, round: round + 1 }) });
  });
}

function addPrompt(server: McpServer): void {
  const wanted = z.object({ context: z.string() });
  const question = inputRequired.elicit({ message: 'What context should the prompt use?', requestedSchema: wanted });
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'input required result prompt' },
    ({ mcpReq }: ServerContext) => {
      const found = acceptedContent(mcpReq.inputResponses, 'user_context', wanted);
      if (!found) return inputRequired({ inputRequests: { user_context: question } });
      return { messages: said(`Context: ${found.context}`) };
    },
  );
}
