import { programFile } from '../../stack/layout.ts';
import { untilUrlAnswers } from '../../stack/answers.ts';
import { startInstance } from './start-instance.ts';

const startLimitMs = 20_000;

/** What stands behind the edge: the sample service, well or broken, healthy both times. */
export async function startPages(
  home: string,
  { name, port, errorRate }: { name: string; port: number; errorRate: number },
): Promise<void> {
  const faults = ['--error-rate', String(errorRate), '--latency-ms', '3', '--jitter-ms', '4'];
  const args = [programFile('infra/demo/sample-service.ts'), '--version', name, ...faults];
  const hasEnded = startInstance(home, { name, file: process.execPath, args, env: { PORT: String(port) } });
  await untilUrlAnswers(`http://127.0.0.1:${port}/health`, startLimitMs, hasEnded);
}
