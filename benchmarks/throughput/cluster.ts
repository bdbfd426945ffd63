import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { report, type ChildMessage, type Usage } from '../measure/child.ts';

/** The gateway in several processes that share a port. Arguments: how many, the URL of the upstream. */
const [, , processes = '1', url = ''] = process.argv;

if (cluster.isPrimary) startWorkers(Number(processes));
else {
  const gateway = new Gateway({ naming: 'never', upstreams: { up: { url } } });
  await gateway.start();
  report(createServer((req, res) => void gateway.handle(req, res)));
}

function startWorkers(count: number): void {
  const workers = Array.from({ length: count }, () => cluster.fork());
  const next = (worker: (typeof workers)[number]): Promise<ChildMessage> =>
    new Promise((resolve) => worker.once('message', resolve));
  void Promise.all(workers.map(next)).then(([first]) => process.send?.(first));
  process.on('message', () => {
    const answers = Promise.all(workers.map(next));
    for (const worker of workers) worker.send('measure');
    void answers.then((messages) => process.send?.(sumOf(messages)));
  });
  process.once('disconnect', () => process.exit(0));
}

/** What this process and the others have used. */
function sumOf(messages: readonly ChildMessage[]): Usage {
  const { user, system } = process.cpuUsage();
  const used = messages.filter((message) => 'cpuMicros' in message);
  return {
    cpuMicros: used.reduce((sum, { cpuMicros }) => sum + cpuMicros, user + system),
    rssBytes: used.reduce((sum, { rssBytes }) => sum + rssBytes, process.memoryUsage.rss()),
  };
}
