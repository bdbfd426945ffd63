import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { MCPServerBuilder } from '../server/builder.ts';
import { createCall } from './call.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function pour(): never {
  throw new Error('out of\ntea');
}

it('a server that was given no telemetry writes what goes wrong to the standard error, in one line with its stack', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const log = vi.spyOn(console, 'log');
  const server = new MCPServerBuilder({ name: 's', version: '1.0.0' })
    .addTool({
      name: 't',
      parameters: z.object({ sugar: z.string() }),
      handler: function brew() {
        return pour();
      },
    })
    .build();
  await server.handler(createCall('tools/call', { name: 't', arguments: { sugar: 'two' } }));
  expect(error.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^function\.failed \{"function":"tool \\"t\\"","message":"out of\\ntea"\} at pour .*telemetry\.test.* at brew .*telemetry\.test/,
      ),
    ],
  ]);
  expect(String(error.mock.calls)).not.toMatch(/two|\n/);
  expect(log).not.toHaveBeenCalled();
});
