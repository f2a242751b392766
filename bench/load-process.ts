import { parseArgs } from 'node:util';
import { startLoad } from './load.ts';

/** The load as a process of its own: `load-process.ts --url URL --rate N --seconds N`. Prints one JSON report a second; ends on SIGTERM. */
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '300' },
  },
});
if (values.url === undefined) throw new Error('--url is missing');

const load = startLoad({
  url: values.url,
  ratePerSecond: Number(values.rate),
  maxSeconds: Number(values.seconds),
});
const ticker = setInterval(() => print(load.snapshot()), 1000);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void load.stop());
const report = await load.ended;
clearInterval(ticker);
print(report);

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
