import type { GatewayOptions } from '@org/mcp-gateway';
import { MCPServerBuilder, type MCPServer, type Principal, type Telemetry } from '@org/mcp-sdk';
import { z } from 'zod';

/** The parts that gateways of the benchmark are made of. */

export const TEXT = 'x'.repeat(100);

/** A server of the builder, whose tools return a constant. */
export function builtServer(tools: readonly string[] = ['echo']): MCPServer {
  const builder = new MCPServerBuilder({ name: 'up', version: '1.0.0' });
  const parameters = z.object({ text: z.string() });
  for (const name of tools) builder.addTool({ name, description: 'Repeats it.', parameters, handler: () => TEXT });
  return builder.build();
}

const TOOLS_PER_SERVER = 20;

/** Servers with 20 tools each, all of different names. */
export function manyServers(count: number): Record<string, { readonly server: MCPServer }> {
  const names = (server: number): string[] =>
    Array.from({ length: TOOLS_PER_SERVER }, (_, tool) => `tool_${server}_${tool}`);
  return Object.fromEntries(
    Array.from({ length: count }, (_, server) => [`up${server}`, { server: builtServer(names(server)) }]),
  );
}

/** A middleware of a user. */
type Layer = NonNullable<GatewayOptions['use']>[number];

/** A middleware that parses what the upstream answered. */
export const readsResult: Layer = (next) => async (call) => {
  const reply = await next(call);
  await reply.result();
  return reply;
};

/** The token that callers of {@link everything} show. */
export const TOKEN = 'bench-token';

/** All options that a call can notice: credentials, names, telemetry, a middleware that counts. */
export function everything(): Omit<GatewayOptions, 'upstreams'> {
  const principals = new Map<string, Principal>([[`Bearer ${TOKEN}`, { subject: 'bench', scopes: new Set(['call']) }]]);
  const facts = new Map<string, number>();
  const telemetry: Telemetry = { record: ({ name }) => void facts.set(name, (facts.get(name) ?? 0) + 1) };
  const calls = new Map<string, number>();
  const counts: Layer = (next) => (call) => {
    calls.set(call.route.target, (calls.get(call.route.target) ?? 0) + 1);
    return next(call);
  };
  return {
    authenticate: (header) => principals.get(header('authorization') ?? '') ?? null,
    telemetry,
    hosts: ['mcp.example.com'],
    origins: ['https://app.example.com'],
    secret: new Uint8Array(32).fill(7),
    use: [counts],
  };
}
