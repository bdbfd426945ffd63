import { folderOf } from './project-name.ts';
import { mainSource, serverSource, serverTest } from './templates/code.ts';
import { gitignore, packageJson, tsconfigJson } from './templates/manifest.ts';
import { readme } from './templates/readme.ts';
import type { Transport } from './transport.ts';

/** All that a project depends on. */
export interface Answers {
  /** A valid npm name. */
  readonly name: string;
  readonly transport: Transport;
}

/** A file to be written. */
export interface PlannedFile {
  /** Below the folder of the project, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** Says which files a project consists of. Touches nothing, so that it can be shown, compared and tested. */
export function plan({ name, transport }: Answers): PlannedFile[] {
  const serverName = folderOf(name);
  return [
    { path: '.gitignore', content: gitignore },
    { path: 'README.md', content: readme(serverName, transport) },
    { path: 'package.json', content: packageJson(name) },
    { path: 'src/main.ts', content: mainSource(transport) },
    { path: 'src/server.test.ts', content: serverTest },
    { path: 'src/server.ts', content: serverSource(serverName) },
    { path: 'tsconfig.json', content: tsconfigJson },
  ];
}
