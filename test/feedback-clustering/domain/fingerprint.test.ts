import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ErrorFacts, fingerprintOf } from '../../../domain/feedback-clustering/fingerprint.ts';
import { maskMessage } from '../../../domain/feedback-clustering/mask-message.ts';
import { stackFrames } from '../../../domain/feedback-clustering/stack-frames.ts';

test.each([
  ['took 35 ms', 'took <number>'],
  ['took 1.5s for 10MB', 'took <number> for <number>'],
  ['user 42 not found', 'user <number> not found'],
  ['order-1234 failed', 'order-<number> failed'],
  ['at 2026-11-21T19:05:21.123Z', 'at <time>'],
  ['at 2026-11-21 19:05:21,123 and 08:15:00', 'at <time> and <time>'],
  ['cannot reach 10.1.2.3:8080', 'cannot reach <ip>'],
  ['cannot reach fe80:0:0:0:1:2:3:4', 'cannot reach <ip>'],
  ['GET https://shop.example/orders/7?x=1 failed', 'GET <url> failed'],
  ['mail to jane.doe@example.org bounced', 'mail to <email> bounced'],
  ['job 01936d2e-7c1a-7bde-9d6f-0a1b2c3d4e5f lost', 'job <uuid> lost'],
  ['pointer 0xdeadbeef', 'pointer <hex>'],
  ['commit 4f0c2d9be1 is gone', 'commit <hex> is gone'],
  ['no such file /var/lib/app/data.db', 'no such file <path>'],
  ['cannot open C:\\Users\\x\\y.txt', 'cannot open <path>'],
  ['unknown column "total" in "orders"', 'unknown column <text> in <text>'],
  [
    "Cannot read properties of undefined (reading 'id')",
    'Cannot read properties of undefined (reading <text>)',
  ],
  ["can't connect, don't retry", "can't connect, don't retry"],
  ['utf8 and sha256 stay, v2 too', 'utf8 and sha256 stay, v2 too'],
  ['  many   spaces\n and lines ', 'many spaces and lines'],
])('%s becomes %s', (message, template) => {
  expect(maskMessage(message)).toBe(template);
});

test('masking never takes long and says the same thing twice', () => {
  const nasty = [
    '"'.repeat(5000),
    '/a'.repeat(5000),
    '1.'.repeat(5000),
    'a-'.repeat(5000),
    `'${'\\'.repeat(4999)}`,
  ];
  for (const message of nasty) expect(maskMessage(message).length).toBeLessThanOrEqual(2000);
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (message) => {
      expect(maskMessage(message)).toBe(maskMessage(message));
    }),
  );
});

const javascript = `TypeError: x is not a function
    at charge (/srv/releases/81/dist/billing.4f0c2d9be1.js:10:15)
    at async Invoice.send (/srv/releases/81/dist/invoice.js:44:3)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at next (/srv/releases/81/node_modules/express/lib/router.js:2:1)`;

const python = `Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/flask/app.py", line 880, in full_dispatch_request
    rv = self.dispatch_request()
  File "/srv/app/shop/views.py", line 31, in pay
    charge(order)
  File "/srv/app/shop/billing.py", line 7, in charge
    raise ValueError(order)
ValueError: order`;

const java = `java.lang.IllegalStateException: closed
\tat com.shop.billing.Charge.run(Charge.java:88)
\tat com.shop.billing.Invoice.lambda$send$3(Invoice.java:41)
\tat java.base/java.util.concurrent.FutureTask.run(FutureTask.java:317)`;

test.each([
  ['JavaScript', javascript, ['charge dist/billing.js', 'Invoice.send dist/invoice.js']],
  ['Python', python, ['pay shop/views.py', 'charge shop/billing.py']],
  ['Java', java, ['com.shop.billing.Charge.run ', 'com.shop.billing.Invoice.lambda$send ']],
])('the own frames of %s', (_, stack, frames) => {
  const own = stackFrames(stack).filter(({ isForeign }) => !isForeign);

  expect(own.map((frame) => `${frame.function} ${frame.module}`)).toEqual(frames);
  expect(stackFrames(stack).length).toBeGreaterThan(own.length);
});

const facts = (over: Partial<ErrorFacts>): ErrorFacts => ({
  stack: null,
  exception: null,
  message: null,
  ...over,
});

test('a stack outweighs the exception, the exception the message', () => {
  const all = { stack: javascript, exception: 'TypeError', message: 'x is not a function' };

  expect(fingerprintOf(all)?.kind).toBe('stack');
  expect(fingerprintOf({ ...all, stack: 'no frame in here' })?.kind).toBe('exception');
  expect(fingerprintOf({ ...all, stack: null, exception: ' ' })?.kind).toBe('message');
  expect(fingerprintOf(facts({}))).toBeNull();
  expect(fingerprintOf(facts({ message: '42 0xff' }))).toBeNull();
});

test('another release, machine, line or message is the same error', () => {
  const moved = javascript
    .replaceAll('/srv/releases/81', '/srv/releases/82')
    .replaceAll('4f0c2d9be1', '77aa00bb11')
    .replaceAll(':10:15', ':12:1');
  const first = fingerprintOf({ stack: javascript, exception: 'TypeError', message: 'x is not a function' });

  expect(fingerprintOf({ stack: moved, exception: 'TypeError', message: 'y is not a function' })).toEqual(
    first,
  );
  expect(first?.key).toBe('1 stack TypeError\ncharge dist/billing.js\nInvoice.send dist/invoice.js');
});

test('another place, another exception or another template is another error', () => {
  const of = (stack: string, exception = 'TypeError') => fingerprintOf(facts({ stack, exception }))?.key;

  expect(of(javascript.replace('charge', 'refund'))).not.toBe(of(javascript));
  expect(of(javascript, 'RangeError')).not.toBe(of(javascript));
  expect(fingerprintOf(facts({ message: 'user 1 not found' }))).toEqual(
    fingerprintOf(facts({ message: 'user 2 not found' })),
  );
  expect(fingerprintOf(facts({ message: 'user 1 not found' }))).not.toEqual(
    fingerprintOf(facts({ message: 'order 1 not found' })),
  );
});

test('of a deep Python stack the frames next to the error decide', () => {
  const deep = (outer: string) =>
    [
      `  File "/srv/${outer}.py", line 1, in ${outer}`,
      ...Array.from({ length: 8 }, (_, at) => `  File "/srv/f.py", line ${at}, in f${'x'.repeat(at)}`),
    ].join('\n');

  expect(fingerprintOf(facts({ stack: deep('one') }))).toEqual(
    fingerprintOf(facts({ stack: deep('other') })),
  );
});

test('where all frames are foreign they decide', () => {
  const stack = '    at next (/srv/node_modules/express/lib/router.js:2:1)';

  expect(fingerprintOf(facts({ stack }))?.key).toBe('1 stack \nnext lib/router.js');
});

test('a stack that is no stack takes no time', () => {
  const nasty = [
    'at ('.repeat(20_000),
    `at ${'a.'.repeat(50_000)}`,
    `File "${'/'.repeat(50_000)}`,
    '\n'.repeat(100_000),
  ];

  for (const stack of nasty) expect(stackFrames(stack)).toEqual([]);
});
