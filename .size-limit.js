// Budgets of what an entry brings along, bundled for a web runtime: minified, gzipped, with all dependencies.
const entry = (name, { dist, limit, ignore = [] }) => ({
  name,
  path: `packages/${dist}`,
  limit,
  gzip: true,
  ignore: ['node:*', ...ignore],
  // Without this esbuild would follow `paths` of tsconfig.json to the sources, which users do not get.
  modifyEsbuildConfig: (config) => ({ ...config, tsconfigRaw: '{}', logLevel: 'error' }),
});

/** Node's own client and process packages: installed beside, never shipped to a browser or worker. */
const nodeOnly = ['undici', 'cross-spawn', 'ws'];

export default [
  entry('@org/mcp-sdk', { dist: 'sdk/dist/index.js', limit: '66 kB' }),
  entry('@org/mcp-sdk/wire', { dist: 'sdk/dist/wire.js', limit: '20 kB' }),
  entry('@org/mcp-sdk/serve', { dist: 'sdk/dist/serve.js', limit: '28 kB' }),
  entry('@org/mcp-sdk/connect', { dist: 'sdk/dist/connect.js', limit: '25 kB' }),
  entry('@org/mcp-sdk/json-schema', { dist: 'sdk/dist/json-schema.js', limit: '8 kB' }),
  entry('@org/mcp-sdk/node', { dist: 'sdk/dist/node.js', limit: '26 kB', ignore: nodeOnly }),
  entry('@org/mcp-gateway/admin', { dist: 'gateway-lib/dist/admin.js', limit: '4.5 kB' }),
  entry('@org/mcp-gateway', { dist: 'gateway-lib/dist/index.js', limit: '74 kB' }),
];
