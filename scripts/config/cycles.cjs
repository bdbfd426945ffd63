// Second look at the import graph, with #…-platform seen as platform.node.ts: a cycle may close through that door, too.
const { forbidden, options } = require('../../.dependency-cruiser.cjs');

module.exports = {
  forbidden: forbidden.filter((rule) => rule.name === 'no-circular'),
  options: { ...options, tsConfig: { fileName: require.resolve('../../tsconfig.json') } },
};
