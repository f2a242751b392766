import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `asking-process.ts URL TEXT` asks again and again, each time on a connection of its own, and prints at SIGTERM how often, and what was
 * not answered with the text. A process of its own: in one that also runs API, database and houses a request may be written so late
 * that HAProxy has given its client up.
 */
const [url = '', text = ''] = process.argv.slice(2);
const failed: string[] = [];
let asked = 0;
let isOver = false;
process.once('SIGTERM', () => (isOver = true));
// Whoever started it is gone, also when its test has failed.
process.stdin.resume().once('end', () => process.exit());

while (!isOver) {
  asked += 1;
  await answer().then(
    (got) => got === text || failed.push(got),
    (error: unknown) => failed.push(String(error)),
  );
  await sleep(10);
}
process.stdout.write(JSON.stringify({ asked, failed }), () => process.exit());

function answer(): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part)).once('error', reject);
      incoming.once('end', () => resolve(Buffer.concat(parts).toString()));
    });
    outgoing.once('error', reject).end();
  });
}
