import { lstat, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeProject } from '../src/write.ts';
import { temporaryFolder } from './temporary-folder.ts';

const files = [
  { path: 'a.txt', content: 'A\n' },
  { path: 'deep/er/b.txt', content: 'B\n' },
];

test('it writes every file, and nothing is left beside the project', async () => {
  const parent = await temporaryFolder();
  await writeProject(join(parent, 'project'), files);
  expect(await readFile(join(parent, 'project/a.txt'), 'utf8')).toBe('A\n');
  expect(await readFile(join(parent, 'project/deep/er/b.txt'), 'utf8')).toBe('B\n');
  expect(await readdir(parent)).toEqual(['project']);
});

test('the folder can be read by whom any other new folder can', async () => {
  const parent = await temporaryFolder();
  await mkdir(join(parent, 'other'));
  await writeProject(join(parent, 'project'), files);
  expect((await stat(join(parent, 'project'))).mode).toBe((await stat(join(parent, 'other'))).mode);
});

test('an empty folder is used', async () => {
  const target = await temporaryFolder();
  await mkdir(join(target, 'project'));
  await writeProject(join(target, 'project'), files);
  expect(await readdir(join(target, 'project'))).toEqual(['a.txt', 'deep']);
});

test('a folder that holds anything is refused and stays as it was', async () => {
  const parent = await temporaryFolder();
  await mkdir(join(parent, 'project'));
  await writeFile(join(parent, 'project/a.txt'), 'mine');
  await expect(writeProject(join(parent, 'project'), files)).rejects.toMatchObject({
    code: 'folder_taken',
    message: expect.stringMatching(/project is not empty\. Choose another name/),
  });
  expect(await readFile(join(parent, 'project/a.txt'), 'utf8')).toBe('mine');
  expect(await readdir(parent)).toEqual(['project']);
});

test('a file in the place of the folder is refused', async () => {
  const parent = await temporaryFolder();
  await writeFile(join(parent, 'project'), 'mine');
  await expect(writeProject(join(parent, 'project'), files)).rejects.toMatchObject({ code: 'folder_taken' });
  expect(await readFile(join(parent, 'project'), 'utf8')).toBe('mine');
});

test('a link to an empty folder is refused, not replaced', async () => {
  const parent = await temporaryFolder();
  await mkdir(join(parent, 'elsewhere'));
  await symlink(join(parent, 'elsewhere'), join(parent, 'project'), 'junction');
  await expect(writeProject(join(parent, 'project'), files)).rejects.toMatchObject({ code: 'folder_taken' });
  expect((await lstat(join(parent, 'project'))).isSymbolicLink()).toBe(true);
  expect((await readdir(parent)).sort()).toEqual(['elsewhere', 'project']);
});

test('a failure half way leaves nothing', async () => {
  const parent = await temporaryFolder();
  const clash = [...files, { path: 'a.txt/below-a-file', content: '' }];
  await expect(writeProject(join(parent, 'project'), clash)).rejects.toMatchObject({ name: 'CreateError' });
  expect(await readdir(parent)).toEqual([]);
});

test('a parent that is missing is an error that names the folder', async () => {
  const parent = await temporaryFolder();
  await expect(writeProject(join(parent, 'missing/project'), files)).rejects.toMatchObject({
    code: 'not_writable',
    message: expect.stringContaining('project cannot be written (ENOENT)'),
  });
});
