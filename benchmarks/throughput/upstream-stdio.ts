import { pinTo } from '../measure/child-process.ts';
import { GENERATOR_CORE, isPinned } from '../measure/cores.ts';
import { createAnswers } from './answers.ts';

/** An upstream on standard streams. Argument: `modern` or `legacy`. Whoever starts it has another core. */
if (isPinned) pinTo(GENERATOR_CORE, process.pid);
const answer = createAnswers({ era: process.argv[2] === 'legacy' ? 'legacy' : 'modern' });

let rest = '';
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  let answers = '';
  for (const line of lines) {
    const body = answer(line);
    if (body !== undefined) answers += `${body}\n`;
  }
  if (answers !== '') process.stdout.write(answers);
});
process.stdin.once('end', () => process.exit(0));
