import { builtinModules } from 'node:module';

/** Narrower than npm at the front: `-x` reads as an option, and `~x` as somebody's home. */
const PART = /^[a-z0-9][a-z0-9._~-]*$/;
const RESERVED = new Set(['node_modules', 'favicon.ico']);

/**
 * Says what is wrong with `name` as the name of a new npm package.
 * @returns undefined if nothing is
 * @see https://github.com/npm/validate-npm-package-name#naming-rules
 */
export function faultOfName(name: string): string | undefined {
  const parts = name.startsWith('@') ? name.slice(1).split('/') : [name];
  const wanted = name.startsWith('@') ? 2 : 1;
  if (name.trim() === '') return 'A project needs a name.';
  if (name.length > 214) return `The name has ${name.length} characters; npm allows 214.`;
  if (parts.length !== wanted || !parts.every((part) => PART.test(part)))
    return `"${name}" is no npm name: it is made of a-z 0-9 - . _ ~ and begins with a letter or digit, or is @scope/name.${hint(name)}`;
  if (RESERVED.has(folderOf(name)) || builtinModules.includes(name))
    return `"${name}" is taken by Node or npm itself; choose another name.`;
  return undefined;
}

/** The folder of a project: its name without the scope. */
export const folderOf = (name: string): string => name.slice(name.indexOf('/') + 1);

/** The nearest name that npm takes, as a sentence; empty if there is none. */
function hint(name: string): string {
  const near = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return near === '' ? '' : ` Try "${near}".`;
}
