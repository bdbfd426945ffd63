import { MCPServerBuilder, type CallContext, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';
import { addAsking } from './asking.ts';
import { audio, CONTACT, image, LOG_LINES, pause, PNG, resource, STEPS, text } from './content.ts';
import { documented } from './documented.ts';

/** All tools but one answer sooner. */
export const POLL_AFTER_MS = 500;

/** A gateway tells of changes that callers can see. */
let changes = 0;

async function tellLogs({ log }: CallContext): Promise<string> {
  for (const line of LOG_LINES) {
    log.info(line);
    await pause();
  }
  return 'Tool with logging executed successfully';
}

async function tellProgress({ progress }: CallContext): Promise<string> {
  for (const done of STEPS) {
    progress(done, 100, `Completed step ${done} of 100`);
    await pause();
  }
  return 'done';
}

const builder = new MCPServerBuilder({
  name: 'conformance',
  version: '1.0.0',
  ttlMs: 300_000,
  cacheScope: 'private',
  pollAfterMs: POLL_AFTER_MS,
})
  .addTool({
    name: 'test_simple_text',
    description: 'simple text',
    handler: () => 'This is a simple text response for testing.',
  })
  .addTool({ name: 'test_image_content', description: 'image content', handler: () => ({ content: [image] }) })
  .addTool({
    name: 'test_audio_content',
    description: 'audio content',
    handler: () => ({ content: [audio] }),
  })
  .addTool({
    name: 'test_embedded_resource',
    description: 'embedded resource',
    handler: () => ({
      content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
    }),
  })
  .addTool({
    name: 'test_multiple_content_types',
    description: 'multiple content types',
    handler: () => ({
      content: [
        text('Multiple content types test:'),
        image,
        resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
      ],
    }),
  })
  .addTool({
    name: 'test_tool_with_logging',
    description: 'tool with logging',
    handler: (_params, context) => tellLogs(context),
  })
  .addTool({ name: 'test_logging_tool', description: 'logging tool', handler: (_params, context) => tellLogs(context) })
  .addTool({
    name: 'test_tool_with_progress',
    description: 'tool with progress',
    handler: (_params, context) => tellProgress(context),
  })
  .addTool({
    name: 'test_streaming_elicitation',
    description: 'streaming elicitation',
    handler: (_params, context) => tellProgress(context),
  })
  .addTool({
    name: 'test_error_handling',
    description: 'error handling',
    handler: () => Promise.reject(new Error('This tool intentionally returns an error for testing')),
  })
  .addTool({
    name: 'test_reconnection',
    description: 'reconnection',
    handler: async () => {
      await pause(3 * POLL_AFTER_MS);
      return 'Reconnection test completed successfully.';
    },
  })
  .addTool({
    name: 'json_schema_2020_12_tool',
    description: 'json schema 2020 12 tool',
    parameters: documented(CONTACT),
    handler: (params) => `Called with ${JSON.stringify(params)}`,
  })
  .addTool({
    name: 'test_header_tool',
    description: 'header tool',
    parameters: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), query: z.string().optional() }),
    handler: ({ region }) => region,
  })
  .addTool({
    name: 'test_trigger_tool_change',
    description: 'trigger tool change',
    handler: () => {
      // The list stays the same: other scenarios compare two readings of it.
      backend.tools.get('test_simple_text')?.update({ description: `simple text, changed ${++changes} times` });
      return 'changed';
    },
  })
  .addTool({
    name: 'test_trigger_prompt_change',
    description: 'trigger prompt change',
    handler: () => {
      backend.prompts.get('test_simple_prompt')?.update({ description: `simple prompt, changed ${++changes} times` });
      return 'changed';
    },
  })
  .addResource({
    uri: 'test://static-text',
    name: 'static-text',
    mimeType: 'text/plain',
    ttlMs: 300_000,
    handler: () => 'This is the content of the static text resource.',
  })
  .addResource({
    uri: 'test://static-binary',
    name: 'static-binary',
    mimeType: 'image/png',
    handler: () => Uint8Array.from(Buffer.from(PNG, 'base64')),
  })
  .addResource({ uri: 'test://watched-resource', name: 'watched', mimeType: 'text/plain', handler: () => 'watched' })
  .addResource({
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    mimeType: 'application/json',
    handler: (_uri, { id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  })
  .addPrompt({
    name: 'test_simple_prompt',
    description: 'simple prompt',
    handler: () => 'This is a simple prompt for testing.',
  })
  .addPrompt({
    name: 'test_prompt_with_arguments',
    description: 'prompt with arguments',
    parameters: z.object({ arg1: z.string().describe('First'), arg2: z.string().describe('Second') }),
    complete: { arg1: (typed) => ['paris', 'park', 'party'].filter((value) => value.startsWith(typed)) },
    handler: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  })
  .addPrompt({
    name: 'test_prompt_with_embedded_resource',
    description: 'prompt with embedded resource',
    parameters: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    handler: ({ resourceUri }) => ({
      messages: [
        { role: 'user', content: resource(resourceUri, 'text/plain', 'Embedded resource content for testing.') },
        { role: 'user', content: text('Please process the embedded resource above.') },
      ],
    }),
  })
  .addPrompt({
    name: 'test_prompt_with_image',
    description: 'prompt with image',
    handler: () => ({
      messages: [
        { role: 'user', content: image },
        { role: 'user', content: text('Please analyze the image above.') },
      ],
    }),
  });

/** The server that the public conformance suite judges: what its scenarios ask for, made with the builder. */
export const backend: MCPServer = addAsking(builder).build();
