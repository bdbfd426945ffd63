import { afterEach, expect, it, vi } from 'vitest';
import { MCPServerBuilder } from '../server/builder.ts';
import { createCall } from './call.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('a server that was given no telemetry writes what goes wrong to the standard error, in one line', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const log = vi.spyOn(console, 'log');
  const server = new MCPServerBuilder({ name: 's', version: '1.0.0' })
    .addTool({
      name: 't',
      handler: () => {
        throw new Error('out of tea');
      },
    })
    .build();
  await server.handler(createCall('tools/call', { name: 't', arguments: {} }));
  expect(error.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^function\.failed \{"function":"tool \\"t\\"","message":"out of tea"\} at .*telemetry\.test/,
      ),
    ],
  ]);
  expect(log).not.toHaveBeenCalled();
});
