// Prints `N passed, N failed` for .ci/run: the tests as vitest counted them and the runs of the conformance suite, plus
// one failure for each failed step. Exits non-zero when anything failed.
// Arguments: the exit codes of `npm test` and of `npm run conformance`.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (file) => {
  const path = fileURLToPath(new URL(`../node_modules/.cache/${file}`, import.meta.url));
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
};
const report = read('vitest/report.json');
const steps = read('test/summary.json')?.steps ?? [];
const conformance = read('conformance/summary.json') ?? { passed: 0, failed: 0 };
const [testsCode = 0, conformanceCode = 0] = process.argv.slice(2).map(Number);

const passedTests = report?.numPassedTests ?? 0;
// A file that could not be loaded has no test to count.
const broken =
  report?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0) ?? [];
const failedTests = (report?.numFailedTests ?? 0) + broken.length;
// The step of the tests counts by its tests; if none of them failed, then it failed for another reason (coverage, say).
const failedSteps = steps.filter((step) => !step.ok && (step.name !== 'unit' || failedTests === 0));
const unexplained = [
  failedTests + failedSteps.length === 0 && (testsCode !== 0 || passedTests === 0),
  conformance.failed === 0 && (conformanceCode !== 0 || conformance.passed === 0),
].filter(Boolean).length;
const failed = failedTests + failedSteps.length + conformance.failed + unexplained;

console.log(`${passedTests + conformance.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
