/** `package.json` of a project. */
export function packageJson(name: string): string {
  const manifest = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      build: 'tsc',
      start: 'node dist/main.js',
      // In dist: there Node finds the compiled tests alone, in every version and shell.
      test: 'tsc && cd dist && node --test',
    },
    dependencies: { '@org/mcp-sdk': '^0.1.0', zod: '^4.2.0' },
    devDependencies: { '@types/node': '^20.19.0', typescript: '^6.0.0' },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** `tsconfig.json` of a project. */
export const tsconfigJson = `{
  "compilerOptions": {
    "target": "ES2023",
    "lib": ["ES2023"],
    "types": ["node"],
    "module": "NodeNext",
    "rootDir": "src",
    "outDir": "dist",
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  },
  "include": ["src"]
}
`;

/** `.gitignore` of a project. */
export const gitignore = `node_modules/
dist/
.env
`;
