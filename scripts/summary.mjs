// Prints `N passed, N failed` for .ci/run: the tests as vitest counted them, plus one failure for each failed step.
// Exits non-zero when anything failed. Argument: the exit code of `npm test`.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (file) => {
  const path = fileURLToPath(new URL(`../node_modules/.cache/${file}`, import.meta.url));
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
};
const report = read('vitest/report.json');
const steps = read('test/summary.json')?.steps ?? [];
const exitCode = Number(process.argv[2] ?? 0);

const passed = report?.numPassedTests ?? 0;
// A file that could not be loaded has no test to count.
const broken =
  report?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0) ?? [];
const failedTests = (report?.numFailedTests ?? 0) + broken.length;
// The step of the tests counts by its tests; if none of them failed, then it failed for another reason (coverage, say).
const failedSteps = steps.filter((step) => !step.ok && (step.name !== 'unit' || failedTests === 0));
const failed = failedTests + failedSteps.length;
const unexplained = failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;

console.log(`${passed} passed, ${failed + unexplained} failed`);
process.exitCode = failed + unexplained === 0 ? 0 : 1;
