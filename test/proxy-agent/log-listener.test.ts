import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listenToLog } from '../../proxy-agent/log-listener.ts';

test('one whose port somebody else has says so, and is closed like any other', async () => {
  const other = createSocket('udp4');
  other.bind(0, '127.0.0.1');
  await once(other, 'listening');
  const logged: string[] = [];
  const listener = listenToLog(other.address().port, (_, text) => logged.push(text));
  await expect.poll(() => logged).toHaveLength(1);
  await delay(50);

  expect(() => listener.close()).not.toThrow();
  other.close();
});
