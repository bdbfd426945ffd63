import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import { filenamesKebabCase } from './filenames.js';

const tests = ['**/*.{test,test-d,bench}.ts', 'packages/*/test/**/*.ts'];
const portable = ['packages/{sdk,gateway-lib}/src/**/*.ts'];

const limits = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  'max-depth': ['error', 3],
  'max-params': ['error', 3],
  complexity: ['error', 12],
};

const style = {
  eqeqeq: 'error',
  'no-console': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
};

const typed = {
  '@typescript-eslint/no-import-type-side-effects': 'error',
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        { regex: '^\\.{1,2}/.*(?<!\\.(?:ts|json))$', message: 'Relative imports name the source file: "./x.ts".' },
      ],
    },
  ],
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/consistent-type-exports': ['error', { fixMixedExportsWithInlineTypeSpecifier: true }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidOperator: true },
  ],
  '@typescript-eslint/no-invalid-void-type': [
    'error',
    { allowInGenericTypeArguments: true, allowAsThisParameter: true },
  ],
  // `signal.reason` is whatever the caller aborted with, and is passed on as it is.
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  // A handler is async by contract even if this one has nothing to wait for.
  '@typescript-eslint/require-await': 'off',
  // Hot paths index arrays whose bounds they have just checked, and clear keys of their own records.
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-dynamic-delete': 'off',
  '@typescript-eslint/no-unnecessary-type-parameters': 'off',
  '@typescript-eslint/unified-signatures': 'off',
  '@typescript-eslint/no-empty-function': 'off',
  // Byte scanners read best as `while (true)`.
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
};

const bareErrors = [
  {
    selector:
      'ThrowStatement > :matches(NewExpression, CallExpression)[callee.name=/^(Error|TypeError|RangeError|SyntaxError)$/]',
    message: "Throw the package's error class with a code, so that callers and codecs can map it.",
  },
];
const enums = [{ selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' }];
const typeExports = [
  {
    selector:
      'ExportNamedDeclaration[source][exportKind="value"]:has(ExportSpecifier):not(:has(ExportSpecifier[exportKind="value"]))',
    message: 'Write `export type { … } from`: with inline `type` alone the file is still loaded at run time.',
  },
];
const hiddenTime = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Time is an argument: take a Clock.' },
];
const entryOnly = [
  {
    selector: 'Program > :not(ExportNamedDeclaration[source])',
    message: 'Entry files list names with `export { … } from`. Logic lives in a folder.',
  },
];

/** Globals that Node has and other runtimes lack; files that are portable must not lean on them. */
const nodeGlobals = [
  'process',
  'Buffer',
  'global',
  'setImmediate',
  'clearImmediate',
  '__dirname',
  '__filename',
  'require',
];

export default defineConfig(
  {
    ignores: ['**/dist/', '**/node_modules/', 'docs/api/', '**/coverage/', 'packages/create-mcp/templates/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { rules: { ...style, ...limits }, plugins: { local: { rules: { 'filenames-kebab-case': filenamesKebabCase } } } },
  { rules: { 'local/filenames-kebab-case': 'error' } },
  {
    files: ['**/*.ts'],
    extends: [ts.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: new URL('../../', import.meta.url).pathname },
    },
    rules: typed,
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'Buffer',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'performance',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...enums, ...typeExports, ...bareErrors] },
  },
  {
    files: portable,
    ignores: [...tests, '**/core/{clock,random}.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time is an argument: take a Clock.' },
        { object: 'Math', property: 'random', message: 'Chance is an argument: take a Random.' },
      ],
      'no-restricted-syntax': ['error', ...enums, ...typeExports, ...bareErrors, ...hiddenTime],
    },
  },
  {
    files: portable,
    ignores: [...tests, '**/*.node.ts', '**/src/node.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...nodeGlobals.map((name) => ({
          name,
          message: 'Portable code has web standards only; Node code lives in *.node.ts.',
        })),
      ],
    },
  },
  {
    files: ['packages/{sdk,gateway-lib,testing}/src/*.ts'],
    ignores: tests,
    rules: { 'no-restricted-syntax': ['error', ...entryOnly, ...typeExports] },
  },
  {
    files: tests,
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  // Programs talk to a person; libraries do not.
  {
    files: ['{examples,benchmarks,scripts}/**', 'packages/{create-mcp,testing}/src/**'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
