import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

type Figures = Record<string, unknown>;

interface Scenario {
  readonly about: string;
  run(note: (text: string) => void, count: number | null): Promise<Figures>;
}

/** `npm run bench -- NAME [--json] [--record] [--count N]`: one scenario, its figures on stdout, all else on stderr. */
const scenarios: Record<string, Scenario> = {
  'canary-rollback': {
    about:
      'drills: from the first bad answer to the last answer of the canary, and good rollouts beside them (--count, 30)',
    run: async (note, count) =>
      (await import('./canary-rollback.ts')).canaryRollback({ drills: count ?? 30, note }),
  },
  'api-overhead': {
    about:
      'what the API adds to a start, against a bare Temporal client in the same run (--count seconds, 60)',
    run: async (note, count) =>
      (await import('./api-overhead.ts')).apiOverhead({ seconds: count ?? 60, note }),
  },
  audit: {
    about:
      'eight processes append and seal, some killed; verification; tampers; a naive chain (--count seconds, 10)',
    run: async (note, count) => (await import('./audit.ts')).auditBench({ seconds: count ?? 10, note }),
  },
  'cluster-quality': {
    about:
      'how well each strategy finds the labels of the development sets (HOLDFAST_DATA), thresholds chosen without labels',
    run: async (note) => (await import('./cluster-quality.ts')).clusterQuality({ note }),
  },
  'cluster-speed': {
    about:
      'exact average linkage of 1,000 to 50,000 vectors beside scikit-learn (--count largest size, 50000)',
    run: async (note, count) =>
      (await import('./cluster-speed.ts')).clusterSpeed({ largest: count ?? 50_000, note }),
  },
  'config-push': {
    about:
      'a configuration to 1,000 agents and ten real HAProxies, and to 5,000; the bare protocol beside it (--count agents, 1000)',
    run: async (note, count) =>
      (await import('./config-push.ts')).configPush({
        ...{ agents: count ?? 1000, realProxies: 10, rollouts: 10, note },
      }),
  },
  'config-reload': {
    about:
      'reloads by the agent under load, a control run with the bare signal, revisions in quick succession (--count reloads, 100)',
    run: async (note, count) =>
      (await import('./config-reload.ts')).configReload({ reloads: count ?? 100, note }),
  },
  'config-simulate': {
    about:
      'requests through the old and the new proxy configuration; forty changes with whom they affect (--count requests, 2000)',
    run: async (note, count) =>
      (await import('./config-simulate.ts')).configSimulate({ requests: count ?? 2000, note }),
  },
  fairness: {
    about:
      'how long the activities of quiet projects wait beside a noisy one, and with fairness off (--count seconds, 30)',
    run: async (note, count) => (await import('./fairness.ts')).fairness({ rounds: count ?? 30, note }),
  },
  footprint: {
    about: 'memory of the whole idle stack, against PostgreSQL, Temporal and HAProxy alone',
    run: async (note) => (await import('./footprint.ts')).footprint({ note }),
  },
  history: {
    about: 'events of a four-step rollout, with 1 s and with 10 min of simulated soak',
    run: async (note) => (await import('./history.ts')).history({ note }),
  },
  ingest: {
    about:
      '500 webhooks a second while clustering runs: accepted, visible, counted; re-runs with edits (--count seconds, 30)',
    run: async (note, count) =>
      (await import('./ingest.ts')).ingest({ seconds: count ?? 30, runs: 1000, note }),
  },
  templates: {
    about:
      'how well and how fast log lines are put together by kind, beside a fixed-depth tree (HOLDFAST_DATA)',
    run: async (note) => (await import('./templates.ts')).templates({ note }),
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    count: { type: 'string' },
  },
});
const name = positionals[0] ?? '';
const scenario = scenarios[name];
if (scenario === undefined) {
  const lines = Object.entries(scenarios).map(([known, { about }]) => `  ${known.padEnd(18)}${about}`);
  process.stderr.write(
    `${name === '' ? 'name a scenario' : `there is no scenario ${name}`}:\n${lines.join('\n')}\n`,
  );
  process.exit(2);
}

const note = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
const figures = await scenario.run(note, values.count === undefined ? null : Number(values.count));
process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : table(figures));
if (values.record) await record(name, figures);

function table(rows: Figures): string {
  const width = Math.max(...Object.keys(rows).map((key) => key.length));
  const spell = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return `${Object.entries(rows)
    .map(([key, value]) => `${key.padEnd(width)}  ${spell(value)}`)
    .join('\n')}\n`;
}

/** Figures mean little without the machine, the day and the code they were measured with. */
async function record(scenarioName: string, measured: Figures): Promise<void> {
  const folder = path.resolve(import.meta.dirname, 'results');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: folder.replace(/results$/, ''),
  })
    .toString()
    .trim();
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const entry = {
    scenario: scenarioName,
    measuredAt: new Date().toISOString(),
    commit,
    machine,
    figures: measured,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${scenarioName}.json`), `${JSON.stringify(entry, null, 2)}\n`);
}
