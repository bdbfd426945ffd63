import { spawn } from 'node:child_process';
import { CreateError } from './errors.ts';

/**
 * Runs `npm install` in a folder and shows what it prints; or the same of the package manager that started this program.
 * @throws CreateError `install_failed` if it fails or cannot be started
 */
export async function install(folder: string): Promise<void> {
  // A package manager tells its own script here; run by Node, it needs no shell on Windows.
  const script = process.env.npm_execpath;
  const isScript = script !== undefined && /\.[cm]?js$/.test(script);
  const [command, args] = isScript ? [process.execPath, [script, 'install']] : ['npm', ['install']];
  const shell = !isScript && process.platform === 'win32';
  const child = spawn(command, args, { cwd: folder, stdio: 'inherit', shell });
  const outcome = await new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? '' : `it ended with ${code ?? signal}`);
    });
  });
  if (outcome !== '')
    throw new CreateError('install_failed', `The project is there, but npm install failed: ${outcome}.`);
}
