import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = (folder: string, name: string) => `${root}packages/${folder}/src/${name}.ts`;

/** Tests run on the sources. Keep in step with `paths` in tsconfig.json. */
const alias = [
  { find: /^@org\/mcp-sdk$/, replacement: source('sdk', 'index') },
  { find: /^@org\/mcp-sdk\/(.+)$/, replacement: source('sdk', '$1') },
  { find: /^@org\/mcp-gateway$/, replacement: source('gateway-lib', 'index') },
  { find: /^@org\/mcp-gateway\/(.+)$/, replacement: source('gateway-lib', '$1') },
  { find: /^@org\/mcp-testing$/, replacement: source('testing', 'index') },
  { find: /^#sdk-platform$/, replacement: source('sdk', 'platform.node') },
  { find: /^#gateway-platform$/, replacement: source('gateway-lib', 'platform.node') },
];

export default defineConfig({
  root,
  cacheDir: 'node_modules/.cache/vite',
  resolve: { alias },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/**/*.test.ts'],
    environment: 'node',
    // Two, on two cores: half of the time of most tests is waiting for processes to start.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Children that a test starts must not colour their output or ask the terminal.
    env: { NO_COLOR: '1' },
    restoreMocks: true,
    reporters: ['default', 'json'],
    outputFile: { json: 'node_modules/.cache/vitest/report.json' },
    coverage: {
      provider: 'v8',
      include: ['packages/{sdk,gateway-lib}/src/**/*.ts'],
      // Root files only re-export, except platform.*.ts, which must not hide from the figures.
      exclude: ['**/*.{test,test-d,bench}.ts', 'packages/*/src/!(platform.*).ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'node_modules/.cache/coverage',
      thresholds: {
        'packages/sdk/src/**': { lines: 90, branches: 90 },
        'packages/gateway-lib/src/**': { lines: 90, branches: 90 },
      },
    },
  },
});
