import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** tsup runs with the package's folder as working directory; this one file serves every package. */
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const root = fileURLToPath(new URL('../../', import.meta.url));
const isProgram = manifest.exports === undefined;

/** A library's root files are its entries; a program has only its `bin`. */
function entries(): string[] {
  if (isProgram) {
    return [...new Set(Object.values(manifest.bin ?? {}))].map((file) =>
      file.replace(/^(?:\.\/)?dist\/(.+)\.js$/, 'src/$1.ts'),
    );
  }
  return readdirSync('src')
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|test-d|bench)\.ts$/.test(file))
    .map((file) => `src/${file}`);
}

/** Programs bundle CommonJS dependencies, which call `require` for Node's modules. */
const requireShim =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

export default defineConfig({
  entry: entries(),
  outDir: 'dist',
  format: ['esm'],
  target: 'node20',
  platform: isProgram ? 'node' : 'neutral',
  splitting: true,
  treeshake: !isProgram,
  sourcemap: true,
  clean: true,
  external: [/^#(?:sdk|gateway)-platform$/, /^node:/],
  tsconfig: `${root}scripts/config/tsconfig.build.json`,
  dts: isProgram ? false : { compilerOptions: { ignoreDeprecations: '6.0' } },
  ...(isProgram ? { banner: { js: requireShim } } : {}),
  removeNodeProtocol: false,
  silent: true,
});
