import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { startLoad } from './load.ts';

/**
 * The load as a process of its own: `load-process.ts --url URL --rate N --seconds N [--arrivals poisson --seed N] [--out FILE.jsonl]`.
 * Prints one JSON report a second and a last one at the end, which SIGTERM brings; `--out` gets a line for every answer.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '300' },
    arrivals: { type: 'string', default: 'constant' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
if (values.url === undefined) throw new Error('--url is missing');

const out = values.out === undefined ? null : createWriteStream(values.out);
const load = startLoad({
  url: values.url,
  ratePerSecond: Number(values.rate),
  maxSeconds: Number(values.seconds),
  arrivals: values.arrivals === 'poisson' ? 'poisson' : 'constant',
  seed: Number(values.seed),
  onAnswer: (answer) => out?.write(`${JSON.stringify(answer)}\n`),
});
const ticker = setInterval(() => print(load.snapshot()), 1000);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void load.stop());
const report = await load.ended;
clearInterval(ticker);
out?.end();
print(report);

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
