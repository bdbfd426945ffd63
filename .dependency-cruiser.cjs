// Folder ranks. An import may only point to a lower rank; folders of equal rank never meet.
// Read it as the architecture: the table is the diagram.
const RANKS = {
  sdk: [['core'], ['wire'], ['validation', 'auth', 'middleware'], ['serve', 'connect'], ['server', 'client'], ['dev']],
  'gateway-lib': [
    ['core'],
    [
      'catalog',
      'registry',
      'balancers',
      'health',
      'resilience',
      'cache',
      'limits',
      'security',
      'observability',
      'stores',
    ],
    ['router'],
    ['admin'],
    ['gateway'],
  ],
};

/** Package direction: create-mcp and sdk know nobody; gateway-lib knows sdk; testing knows both. */
const MAY_IMPORT = { sdk: [], 'gateway-lib': ['sdk'], testing: ['sdk', 'gateway-lib'], 'create-mcp': [] };

const ranked = Object.keys(RANKS).join('|');
const testFile = '\\.(test|test-d|bench)\\.ts$';
const nodeFile = '(\\.node\\.ts|/src/node\\.ts)$';
/** The imports-map door `#…-platform`: it may be reached from any rank, but only by that name. */
const platformFile = 'platform\\.(node|web)\\.ts$';

/** One rule per folder: it may import itself and every lower rank, nothing else in its package. */
const rankRules = Object.entries(RANKS).flatMap(([pkg, ranks]) =>
  ranks.flatMap((folders, rank) =>
    folders.map((folder) => {
      const lower = ranks.slice(0, rank).flat();
      return {
        name: `rank:${pkg}/${folder}`,
        severity: 'error',
        comment: `${folder}/ may import itself and: ${lower.join(', ') || 'nothing'}`,
        from: { path: `^packages/${pkg}/src/${folder}/`, pathNot: testFile },
        to: {
          path: `^packages/${pkg}/src/`,
          pathNot: [`^packages/${pkg}/src/(${[folder, ...lower].join('|')})/`, `^packages/${pkg}/src/${platformFile}`],
        },
      };
    }),
  ),
);

/** A folder nobody ranked would escape every rule above. */
const unrankedRules = Object.entries(RANKS).map(([pkg, ranks]) => ({
  name: `unranked-folder:${pkg}`,
  severity: 'error',
  comment: 'Give the folder a place in the table at the top of .dependency-cruiser.cjs.',
  from: {},
  to: { path: `^packages/${pkg}/src/[^/]+/`, pathNot: `^packages/${pkg}/src/(${ranks.flat().join('|')})/` },
}));

const packageRules = Object.entries(MAY_IMPORT).map(([pkg, allowed]) => ({
  name: `package:${pkg}`,
  severity: 'error',
  comment: `${pkg} may import: ${allowed.join(', ') || 'no sibling package'}`,
  from: { path: `^packages/${pkg}/src/`, pathNot: testFile },
  to: { path: '^packages/', pathNot: `^packages/(${[pkg, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...rankRules,
    ...unrankedRules,
    ...packageRules,
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Type-only cycles count, a reader follows types too. Also stops a port importing its own driver.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'What is not found is checked by no other rule.',
      from: { path: '^packages/[^/]+/src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-deep-package-import',
      severity: 'error',
      comment: 'A sibling package is reached through its exports map (src/*.ts), never a folder inside it.',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/(src/[^/]+/|dist/)', pathNot: '^packages/$1/' },
    },
    {
      name: 'packages-by-name',
      severity: 'error',
      comment: 'Examples and benchmarks use what users get: package names and exported entries.',
      from: { path: '^(examples|benchmarks)/' },
      to: { path: '^packages/[^/]+/(src/[^/]+/|dist/)|^packages/[^/]+/src/platform\\.' },
    },
    {
      name: 'no-relative-package-import',
      severity: 'error',
      comment: 'Another package is imported by its name, not by a path into it.',
      from: { path: '^(?:packages/([^/]+)|examples|benchmarks)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'root-entries-run-anywhere',
      severity: 'error',
      comment: 'Followed through every import: only src/node.ts may lead to Node-only code; #…-platform is the door.',
      from: { path: `^packages/(${ranked})/src/[^/]+\\.ts$`, pathNot: '/(node|platform\\.node)\\.ts$' },
      to: { path: '\\.node\\.ts$', reachable: true },
    },
    {
      name: 'platform-only-by-its-name',
      severity: 'error',
      comment: 'Import #sdk-platform or #gateway-platform; a path would fix the runtime at build time.',
      from: { pathNot: testFile },
      to: { path: `^packages/[^/]+/src/${platformFile}`, dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'node-builtins-live-in-node-files',
      severity: 'error',
      comment: 'Everything else must run on any web-standard runtime.',
      from: { path: `^packages/(${ranked})/src/`, pathNot: [nodeFile, testFile] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'node-packages-live-in-node-files',
      severity: 'error',
      comment: 'These packages need Node; a type import of them would put them into a portable d.ts, too.',
      from: { path: `^packages/(${ranked})/src/`, pathNot: [nodeFile, testFile] },
      to: { path: '(^|node_modules/)(undici|cross-spawn|ws)(/|$)' },
    },
    {
      name: 'optional-peers-only-in-their-entry',
      severity: 'error',
      comment: 'A user who does not install redis/otel must never load a file that needs it.',
      from: { path: '^packages/gateway-lib/src/', pathNot: '/(redis|otel)[^/]*\\.ts$' },
      to: { path: '(^|node_modules/)(ioredis|@opentelemetry)' },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      comment:
        "What is imported stands in the package's own (peer) dependencies; hoisting hides it here, not at a user's.",
      from: { path: '^packages/[^/]+/src/', pathNot: testFile },
      // A peer is reported as npm-no-pkg as well.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'no-dev-dependencies-in-libraries',
      severity: 'error',
      comment: 'Only a program (create-mcp) bundles its devDependencies.',
      from: { path: '^packages/(sdk|gateway-lib|testing)/src/', pathNot: testFile },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'] },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: testFile },
      to: { path: [testFile, '^packages/[^/]+/test/'] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^packages/[^/]+/src/.+/', pathNot: testFile },
      to: {},
    },
    {
      name: 'no-barrels',
      severity: 'error',
      comment: 'index.ts exists only at src/index.ts',
      from: {},
      to: { path: '^packages/[^/]+/src/.+/index\\.ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    // This tsconfig sees #…-platform as platform.web.ts: what portable code reaches on a web runtime.
    tsConfig: { fileName: `${__dirname}/scripts/config/tsconfig.boundaries.json` },
    // Programs that `npm run bench` installs for itself.
    exclude: { path: '^benchmarks/peers/' },
    // A dist is reached only if a name was not mapped to its source; not excluded, so that the rules see it.
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
