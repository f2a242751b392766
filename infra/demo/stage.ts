import { Client, Connection } from '@temporalio/client';
import path from 'node:path';
import type { Config } from '../../config.ts';
import type { CanaryPhase, CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { ClusteringStatus } from '../../contracts/feedback-clustering.ts';
import type { Service } from '../../contracts/service.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { secretFiles } from '../secrets/files.ts';
import { readStackRecord } from '../stack/record.ts';
import { CommandLine } from './command-line.ts';
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
export class Stage extends CommandLine {
  readonly #options: StageOptions;
  readonly planFile: string;

  constructor(options: StageOptions) {
    super(options);
    this.#options = options;
    this.planFile = path.join(options.root, 'infra/demo/plan.yaml');
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

  async stack(): Promise<{ api: string; docs: string; ui: string; frontend: string }> {
    const record = await readStackRecord(this.#options.home);
    if (record === null) throw new Error('the stack is not up');
    const { api, docs, temporalUi, frontend } = record.urls;
    return { api, docs, ui: temporalUi ?? '', frontend: frontend ?? '' };
  }

  /** Starts a rollout and answers its id. */
  async rollout(version: string, ...flags: string[]): Promise<string> {
    const args = ['canary', 'start', 'shop', version, ...flags];
    this.show(args);
    return (await this.json<CanaryRollout>(...args)).id;
  }

  async untilPhase(id: string, phases: readonly CanaryPhase[], observer?: Observer): Promise<CanaryRollout> {
    for (let last = ''; ; await this.pause(0.5)) {
      const rollout = await this.json<CanaryRollout>('canary', 'status', '--id', id);
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
      const status = await this.json<ClusteringStatus>('clusters', 'status');
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
    return this.json<Service>('service', 'show', name);
  }
}

function progressOf(rollout: CanaryRollout, observer?: Observer): string {
  const { state, version } = rollout;
  const waits = state.waitingFor === null ? '' : `, waits for ${state.waitingFor}`;
  const step = state.step < 0 ? '' : ` step ${state.step + 1} at ${state.weight} %`;
  const seen = observer?.recent() ?? '';
  return `${version}: ${state.phase}${step}${waits}${seen === '' ? '' : `   [last second: ${seen}]`}`;
}
