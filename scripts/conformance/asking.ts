/* eslint-disable @typescript-eslint/no-deprecated -- the suite asks for what the specification has deprecated */
// The tools and the prompt of the conformance server that ask.
import type { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';
import { CHOICES, DEFAULTS, said } from './content.ts';
import { documented } from './documented.ts';

const NAME = z.object({ name: z.string() });

/** Adds them. */
export function addAsking(builder: MCPServerBuilder): MCPServerBuilder {
  addRequests(builder);
  addRounds(builder);
  addManyRounds(builder);
  return builder;
}

/** What earlier revisions know as requests of the server. */
function addRequests(builder: MCPServerBuilder): void {
  builder
    .addTool({
      name: 'test_sampling',
      description: 'sampling',
      parameters: z.object({ prompt: z.string() }),
      handler: async ({ prompt }, { sample }) => {
        const { content } = await sample({ messages: said(prompt), maxTokens: 100 });
        return `LLM response: ${JSON.stringify(content)}`;
      },
    })
    .addTool({
      name: 'test_elicitation',
      description: 'elicitation',
      parameters: z.object({ message: z.string() }),
      handler: async (params, { ask }) =>
        `User response: ${JSON.stringify(await ask(z.object({ username: z.string(), email: z.string() }), params.message))}`,
    })
    .addTool({
      name: 'test_elicitation_sep1034_defaults',
      description: 'elicitation sep1034 defaults',
      handler: async (_params, { ask }) => {
        const answer = await ask(documented(DEFAULTS), 'Please review and update the form fields with defaults');
        return `Elicitation completed: action=${answer.action}, content=${JSON.stringify('content' in answer ? answer.content : {})}`;
      },
    })
    .addTool({
      name: 'test_elicitation_sep1330_enums',
      description: 'elicitation sep1330 enums',
      handler: async (_params, { ask }) => {
        const answer = await ask(documented(CHOICES), 'Please select options from the enum fields');
        return `Elicitation completed: action=${answer.action}, content=${JSON.stringify('content' in answer ? answer.content : {})}`;
      },
    })
    .addTool({
      name: 'test_missing_capability',
      description: 'missing capability',
      handler: async (_params, { sample }) => JSON.stringify(await sample({ messages: said('Say it.'), maxTokens: 5 })),
    });
}

/** What the modern revision knows as rounds. */
function addRounds(builder: MCPServerBuilder): void {
  builder
    .addTool({
      name: 'test_input_required_result_elicitation',
      description: 'input required result elicitation',
      handler: async (_params, { ask }) =>
        `Hello, ${JSON.stringify(await ask(NAME, 'What is your name?', { id: 'user_name' }))}`,
    })
    .addTool({
      name: 'test_input_required_result_sampling',
      description: 'input required result sampling',
      handler: async (_params, { sample }) => {
        const request = { messages: said('What is the capital of France?'), maxTokens: 100 };
        return JSON.stringify(await sample(request, { id: 'capital_question' }));
      },
    })
    .addTool({
      name: 'test_input_required_result_list_roots',
      description: 'input required result list roots',
      handler: async (_params, { roots }) => JSON.stringify(await roots({ id: 'client_roots' })),
    })
    .addTool({
      name: 'test_input_required_result_request_state',
      description: 'input required result request state',
      handler: async (_params, { ask }) => {
        await ask(z.object({ ok: z.boolean() }), 'Please confirm', { id: 'confirm' });
        return 'state-ok';
      },
    })
    .addTool({
      name: 'test_input_required_result_tampered_state',
      description: 'input required result tampered state',
      handler: async (_params, { ask }) => {
        await ask(z.object({ ok: z.boolean() }), 'Please confirm', { id: 'confirm' });
        return 'state-ok';
      },
    });
}

/** Several questions, several rounds, and a prompt that asks. */
function addManyRounds(builder: MCPServerBuilder): void {
  builder
    .addTool({
      name: 'test_input_required_result_multiple_inputs',
      description: 'input required result multiple inputs',
      handler: async (_params, { ask, sample, roots }) => {
        const answers = await Promise.all([
          ask(NAME, 'What is your name?', { id: 'user_name' }),
          sample({ messages: said('Generate a greeting'), maxTokens: 50 }, { id: 'greeting' }),
          roots({ id: 'client_roots' }),
        ]);
        return JSON.stringify(answers);
      },
    })
    .addTool({
      name: 'test_input_required_result_multi_round',
      description: 'input required result multi round',
      handler: async (_params, { ask }) => {
        const name = await ask(NAME, 'Step 1: What is your name?', { id: 'step1' });
        const color = await ask(z.object({ color: z.string() }), 'Step 2: What is your favorite color?', {
          id: 'step2',
        });
        return JSON.stringify([name, color]);
      },
    })
    .addTool({
      name: 'test_input_required_result_capabilities',
      description: 'input required result capabilities',
      handler: async (_params, { ask, sample, meta }) => {
        const declared = meta['io.modelcontextprotocol/clientCapabilities'] as Record<string, unknown>;
        const asked = [
          ...(declared.elicitation ? [ask(NAME, 'What is your name?', { id: 'user_name' })] : []),
          ...(declared.sampling ? [sample({ messages: said('Say it.'), maxTokens: 5 }, { id: 'greeting' })] : []),
        ];
        return JSON.stringify(await Promise.all(asked));
      },
    })
    .addPrompt({
      name: 'test_input_required_result_prompt',
      description: 'input required result prompt',
      handler: async (_params, { ask }) =>
        `Context: ${JSON.stringify(await ask(z.object({ context: z.string() }), 'What context should the prompt use?', { id: 'user_context' }))}`,
    });
}
