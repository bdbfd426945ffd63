import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** rolldown runs with the package's folder as working directory; this one file serves every package. */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const isProgram = manifest.exports === undefined;
const tsconfig = fileURLToPath(new URL('tsconfig.build.json', import.meta.url));

/** What an installation brings along, and what is told apart by runtime, is not bundled. */
const installed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
const external = [/^#(?:sdk|gateway)-platform$/, /^node:/, ...installed.map((name) => new RegExp(`^${name}(?:/|$)`))];

/** A library's root files are its entries; a program has only its `bin`. */
function entries() {
  if (isProgram)
    return Object.values(manifest.bin ?? {}).map((file) => file.replace(/^(?:\.\/)?dist\/(.+)\.js$/, 'src/$1.ts'));
  return readdirSync('src')
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|test-d|bench)\.ts$/.test(file))
    .map((file) => `src/${file}`);
}

export default defineConfig({
  input: Object.fromEntries([...new Set(entries())].map((file) => [file.slice('src/'.length, -'.ts'.length), file])),
  platform: isProgram ? 'node' : 'neutral',
  tsconfig,
  external,
  plugins: isProgram ? [] : [dts({ tsconfig })],
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[hash].js',
  },
});
