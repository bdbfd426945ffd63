// What an installation of each package brings along: budgets, as .size-limit.js has them for bundles.
import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** `packed`: the tarball. `installed`: the package and all that npm installs with it, unpacked. Unit: kB. */
const BUDGETS = {
  '@org/mcp-sdk': { packed: 550, installed: 12_500 },
  '@org/mcp-gateway': { packed: 220, installed: 13_500 },
};

/**
 * Compares a package with its budget.
 *
 * @param manifest - its package.json
 * @param packed - what `npm pack` says of it: `size` and `unpackedSize` in bytes
 * @returns what is over its budget, a line each
 */
export function overBudget(manifest, packed) {
  const budget = BUDGETS[manifest.name];
  if (!budget) return [];
  const sizes = { packed: packed.size, installed: packed.unpackedSize + sizeOfDependencies(manifest) };
  return Object.entries(sizes).flatMap(([what, bytes]) => {
    const kB = Math.ceil(bytes / 1000);
    return kB > budget[what] ? [`${manifest.name}: ${what} it takes ${kB} kB; the budget is ${budget[what]} kB`] : [];
  });
}

function sizeOfDependencies(manifest) {
  const folders = new Set();
  const add = ({ dependencies = {} }, from) => {
    for (const name of Object.keys(dependencies)) {
      const folder = folderOf(name, from);
      if (folders.has(folder)) continue;
      folders.add(folder);
      add(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), folder);
    }
  };
  add(manifest, root);
  return [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0);
}

/** Where Node would find a package, which may have no main file. */
function folderOf(name, from) {
  const paths = createRequire(join(from, 'x.js')).resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => statSync(path, { throwIfNoEntry: false }));
  if (!found) throw new Error(`${name} is not installed; run npm ci`);
  return found;
}

/** A package of this repository is a link: of it only what is published counts. */
function sizeOf(folder) {
  const isOwn = realpathSync(folder).startsWith(join(root, 'packages'));
  return readdirSync(isOwn ? join(folder, 'dist') : folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.slice(folder.length).includes('node_modules'))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
