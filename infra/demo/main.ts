import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadConfig } from '../../config.ts';
import { haproxyBinary } from '../haproxy/binary.ts';
import { edgeReceiptOf } from './edge/receipt.ts';
import { playEdge } from './edge/story.ts';
import { startObserver, type Observer } from './observer.ts';
import { receiptOf, receiptText } from './receipt.ts';
import { sampleReports } from './sample-reports.ts';
import { Stage } from './stage.ts';

/**
 * `make demo`: a real canary on this machine. A stack of its own comes up, v1 gets its traffic, a bad v2 is rolled back by itself,
 * the worker is killed in the middle of v3, a person approves, v3 is promoted, a few hundred reports become clusters, and a fleet of three HAProxies
 * takes a configuration, loses a bad one at its first wave and takes the next one. Ends with a receipt; stops all it started unless KEEP=1.
 */
const root = path.resolve(import.meta.dirname, '../..');
const config = loadConfig(process.env);
const home = path.join(config.home, 'demo');
const keep = ['1', 'true', 'yes'].includes(process.env['KEEP'] ?? '');
const stage = new Stage({ root, home, config });
const observers: Observer[] = [];

let ending: Promise<void> | null = null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stage.say(`\n${signal}: ${ending === null ? 'stopping what the demo started' : 'still stopping it'}`);
    void end().finally(() => process.exit(130));
  });
}

try {
  await play();
} catch (error) {
  if (ending === null) {
    stage.say(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    stage.say(`the logs are in ${path.join(home, 'log')}`);
    process.exitCode = 1;
  }
} finally {
  await end();
}

async function play(): Promise<void> {
  const began = performance.now();
  stage.act('A stack of its own: Temporal, PostgreSQL, HAProxy with its agent, API, worker');
  await stage.holdfast('down');
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await stage.holdfast('up');
  const stack = await stage.stack();

  stage.act('v1 is the first release: nothing to compare with, it gets everything');
  await stage.holdfast(
    'service',
    'register',
    '--name',
    'shop',
    '--backend',
    'web',
    '--command',
    stage.sample('{version}'),
    '--plan',
    stage.planFile,
  );
  await stage.holdfast('canary', 'start', 'shop', 'v1', '--wait', '--timeout', '60s');
  const observer = observe(stack.frontend, 200);
  stage.say(`   load: 200 requests a second to ${stack.frontend}, from a process of its own`);
  await observer.untilRequests(400);

  stage.act('v2 answers every third request with an error: it has to go by itself');
  const bad = await stage.rollout('v2', '--command', stage.sample('{version}', '--error-rate', '0.33'));
  const v2 = await stage.untilClosed(bad, observer);
  if (v2.outcome !== 'rolled-back')
    throw new Error(`v2 was to be rolled back, but it ended as ${v2.outcome}: ${v2.reason}`);

  stage.act('v3 is good. In the middle of its first step the worker is killed with -9');
  const good = await stage.rollout('v3');
  await stage.untilPhase(good, ['soaking']);
  await stage.pause(4);
  const killedAtEvent = await stage.killWorker('shop');
  const waiting = await stage.untilPhase(good, ['waiting-for-approval'], observer);
  if (waiting.status === 'closed')
    throw new Error(
      `v3 was to wait for an approval, but it ended as ${waiting.state.outcome}: ${waiting.state.reason}`,
    );

  stage.act('It went on where it was. Half of the requests go to v3 now, and somebody else has to approve');
  await stage.holdfast('members', 'set', 'reviewer', '--role', 'approver');
  await stage.holdfastAs('reviewer', 'canary', 'approve', 'shop', '--reason', 'the demo looks good');
  const v3 = await stage.untilClosed(good, observer);
  if (v3.outcome !== 'promoted')
    throw new Error(`v3 was to be promoted, but it ended as ${v3.outcome}: ${v3.reason}`);
  await stage.pause(2);

  stage.act('Customers write and programs complain: what are they about?');
  const feedback = path.join(home, 'reports.jsonl');
  await writeFile(feedback, sampleReports());
  await stage.holdfast('feedback', 'import', feedback);
  const clustered = await stage.untilClustered();
  await stage.holdfast('clusters', 'list', '--limit', '10');

  const report = await observer.stop();

  const haproxy = await haproxyBinary(config);
  const place = { root, home, haproxy, apiUrl: stack.api, observe: (url: string) => observe(url, 50) };
  const edge = edgeReceiptOf(await playEdge(stage, place));
  const receipt = receiptOf({
    report,
    killedAtEvent,
    verdictAt: v2.verdictAt,
    clustered,
    edge,
    secondsTotal: (performance.now() - began) / 1000,
  });
  await writeFile(path.join(home, 'receipt.json'), `${JSON.stringify(receipt, null, 2)}\n`);
  stage.say(
    receiptText(receipt, {
      ...stack,
      kept: keep,
      file: path.relative(process.cwd(), path.join(home, 'receipt.json')),
    }),
  );
  if (receipt.failed_otherwise !== 0)
    throw new Error(`${receipt.failed_otherwise} requests failed that no bad version answered`);
  if (receipt.edge_failed_otherwise !== 0)
    throw new Error(
      `${receipt.edge_failed_otherwise} requests failed at the edge under a good configuration`,
    );
}

function observe(url: string, ratePerSecond: number): Observer {
  stage.interrupted.throwIfAborted();
  const observer = startObserver(root, url, ratePerSecond);
  observers.push(observer);
  return observer;
}

/** Once, whoever asks: at the end, and for every signal. */
function end(): Promise<void> {
  return (ending ??= stop());
}

async function stop(): Promise<void> {
  // A command that is under way could start something behind the back of `down`.
  await stage.interrupt();
  await Promise.all(observers.map((observer) => observer.stop()));
  if (keep)
    stage.say(
      `kept running (KEEP=1); stop it with: HOLDFAST_HOME=${path.relative(process.cwd(), home)} ./holdfast down`,
    );
  else await stage.takeDown();
}
