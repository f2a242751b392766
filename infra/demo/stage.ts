import { Client, Connection } from '@temporalio/client';
import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import type { NewApiKey } from '../../contracts/access.ts';
import type { CanaryPhase, CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { ClusteringStatus } from '../../contracts/feedback-clustering.ts';
import type { Service } from '../../contracts/service.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { secretFiles } from '../secrets/files.ts';
import { readStackRecord } from '../stack/record.ts';
import type { Observer } from './observer.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';

export interface Ended {
  readonly outcome: string;
  readonly reason: string;
  /** When the check that decided was made, milliseconds since the epoch. */
  readonly verdictAt: number | null;
}

interface StageOptions {
  readonly root: string;
  readonly home: string;
  readonly config: Config;
}

/** The demo's own stack, used as a person would use it: by the command `holdfast`. */
export class Stage {
  readonly #options: StageOptions;
  readonly #interrupted = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly planFile: string;

  constructor(options: StageOptions) {
    this.#options = options;
    this.planFile = path.join(options.root, 'infra/demo/plan.yaml');
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  act(title: string): void {
    this.say(`\n== ${title}`);
  }

  /** The command line of the sample service, as a service or a release takes it. */
  sample(version: string, ...faults: string[]): string {
    const script = path.join(this.#options.root, 'infra/demo/sample-service.ts');
    return [
      process.execPath,
      script,
      '--version',
      version,
      '--latency-ms',
      '3',
      '--jitter-ms',
      '4',
      ...faults,
    ].join(' ');
  }

  /** Shows the command, runs it, passes its output on, and fails with it. */
  async holdfast(...args: string[]): Promise<void> {
    this.#show(args);
    await this.#run(args, (line) => this.say(`   ${line}`));
  }

  /** The same as another person, with a key of its own that is never shown. */
  async holdfastAs(principal: string, ...args: string[]): Promise<void> {
    const { secret } = await this.#json<NewApiKey>('keys', 'create', '--for', principal, '--name', 'demo');
    this.say(`   as ${principal}, with a key of its own:`);
    this.#show(args);
    await this.#run(args, (line) => this.say(`   ${line}`), { HOLDFAST_API_KEY: secret });
  }

  /** Ends what is under way and lets nothing new begin; answers when the last command is gone. */
  async interrupt(): Promise<void> {
    this.#interrupted.abort(new Error('interrupted'));
    await Promise.allSettled(this.#running);
  }

  /** Stops the whole stack, also one that is just coming up. */
  async takeDown(): Promise<void> {
    this.#show(['down']);
    const say = (line: string): void => this.say(`   ${line}`);
    // In a process group of its own: a second Ctrl-C must not end it half-way.
    await this.#spawn(['down'], say, { detached: true }).catch((error: unknown) => say(String(error)));
  }

  async stack(): Promise<{ api: string; docs: string; ui: string; frontend: string }> {
    const record = await readStackRecord(this.#options.home);
    if (record === null) throw new Error('the stack is not up');
    const { api, docs, temporalUi, frontend } = record.urls;
    return { api, docs, ui: temporalUi ?? '', frontend: frontend ?? '' };
  }

  /** Starts a rollout and answers its id. */
  async rollout(version: string, ...flags: string[]): Promise<string> {
    const args = ['canary', 'start', 'shop', version, ...flags];
    this.#show(args);
    return (await this.#json<CanaryRollout>(...args)).id;
  }

  async untilPhase(id: string, phases: readonly CanaryPhase[], observer?: Observer): Promise<CanaryRollout> {
    for (let last = ''; ; await this.pause(0.5)) {
      const rollout = await this.#json<CanaryRollout>('canary', 'status', '--id', id);
      const line = progressOf(rollout, observer);
      if (line !== last) this.say(`   ${line}`);
      last = line;
      if (rollout.status === 'closed' || phases.includes(rollout.state.phase)) return rollout;
    }
  }

  async untilClosed(id: string, observer: Observer): Promise<Ended> {
    const { state } = await this.untilPhase(id, [], observer);
    const verdictAt = state.lastCheck === null ? null : Date.parse(state.lastCheck.at);
    this.say(`   ended: ${state.outcome}, ${state.reason}`);
    return { outcome: state.outcome ?? 'unknown', reason: state.reason ?? '', verdictAt };
  }

  /** Waits until all that came in is in its final cluster; answers how much that is. */
  async untilClustered(): Promise<{ items: number; clusters: number }> {
    for (let last = ''; ; await this.pause(0.5)) {
      const status = await this.#json<ClusteringStatus>('clusters', 'status');
      const { items, clusters, pending, provisional, isClustering } = status;
      const line = `${items} reports, ${clusters} clusters, ${pending} wait, ${provisional} are provisional`;
      if (line !== last) this.say(`   ${line}`);
      last = line;
      if (items > 0 && pending + provisional === 0 && !isClustering) return { items, clusters };
    }
  }

  /** Kills the worker with -9; answers the event of the history at which the rollout stood. */
  async killWorker(service: string): Promise<number> {
    const { home, config } = this.#options;
    const record = await readStackRecord(home);
    const worker = record?.parts.find((part) => part.name === 'worker')?.process;
    if (record === null || worker == null) throw new Error('no worker is running');
    const connection = await Connection.connect({ address: record.connections.temporalAddress });
    try {
      const { temporalNamespace: namespace } = record.connections;
      const { payloadKeys } = secretFiles({ ...config, home });
      const dataConverter = createDataConverter({ payloadKeys, namespace });
      const client = new Client({ connection, namespace, dataConverter });
      const workflowId = canaryRolloutWorkflowId(config.project, service);
      const { historyLength } = await client.workflow.getHandle(workflowId).describe();
      process.kill(worker.pid, 'SIGKILL');
      this.say(`   $ kill -9 ${worker.pid}   (the worker, at event ${historyLength} of the rollout)`);
      return historyLength;
    } finally {
      await connection.close();
    }
  }

  async service(name: string): Promise<Service> {
    return this.#json<Service>('service', 'show', name);
  }

  pause(seconds: number): Promise<void> {
    return delay(seconds * 1000, undefined, { signal: this.#interrupted.signal });
  }

  #show(args: readonly string[]): void {
    const shown = args.map((arg) => arg.replaceAll(this.#options.root, '.'));
    this.say(`   $ holdfast ${shown.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`);
  }

  async #json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.#run([...args, '--json'], () => undefined)) as T;
  }

  async #run(
    args: readonly string[],
    onLine: (line: string) => void,
    env: Record<string, string> = {},
  ): Promise<string> {
    const { signal } = this.#interrupted;
    signal.throwIfAborted();
    const running = this.#spawn(args, onLine, { signal, killSignal: 'SIGINT', env });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  #spawn(
    args: readonly string[],
    onLine: (line: string) => void,
    { env, ...how }: SpawnOptionsWithoutStdio,
  ): Promise<string> {
    const { root, home } = this.#options;
    const child = spawn(path.join(root, 'holdfast'), args, {
      ...how,
      env: { ...process.env, HOLDFAST_API_KEY: undefined, HOLDFAST_HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      for (const line of data.toString().trimEnd().split('\n')) onLine(line);
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint += data.toString();
      for (const line of data.toString().trimEnd().split('\n')) onLine(line);
    });
    return new Promise((resolve, reject) => {
      // Of a child that was interrupted the end counts, not that it was asked to end.
      child.once('error', (error) => (child.pid === undefined ? reject(error) : undefined));
      child.once('close', (code) => {
        if (code === 0) resolve(output);
        else
          reject(
            new Error(
              `holdfast ${args[0]} ${args[1] ?? ''} ended with ${code}: ${complaint.trim().slice(-500)}`,
            ),
          );
      });
    });
  }
}

function progressOf(rollout: CanaryRollout, observer?: Observer): string {
  const { state, version } = rollout;
  const waits = state.waitingFor === null ? '' : `, waits for ${state.waitingFor}`;
  const step = state.step < 0 ? '' : ` step ${state.step + 1} at ${state.weight} %`;
  const seen = observer?.recent() ?? '';
  return `${version}: ${state.phase}${step}${waits}${seen === '' ? '' : `   [last second: ${seen}]`}`;
}
