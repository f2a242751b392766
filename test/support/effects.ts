import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Counts effects from outside: what HAProxy's own socket says of each version's weight, and how many processes carry the mark of
 * an instance. Nothing of Holdfast is asked.
 */
export interface EffectObserver {
  /** Weights a version had, in order, without repetitions: 0 before it was known and after it was gone. */
  weightsOf(version: string): number[];
  /** The most processes of one instance at one moment. */
  mostProcesses(): number;
  stop(): void;
}

export function observeEffects(socket: string, backend: string, home: string): EffectObserver {
  const weights = new Map<string, number[]>();
  let most = 0;
  let looks = 0;
  let stopped = false;

  async function look(): Promise<void> {
    const seen = await weightsNow(socket, backend).catch(() => null);
    if (seen !== null) {
      for (const [version, weight] of seen) push(version, weight);
      for (const version of weights.keys()) if (!seen.has(version)) push(version, 0);
    }
    // Reading all of /proc takes 3 ms: at every look it would take a third of a core from what is tested.
    if (looks++ % 4 === 0) most = Math.max(most, ...countInstances(home).values());
    if (!stopped) setTimeout(() => void look(), 25);
  }

  function push(version: string, weight: number): void {
    const history = weights.get(version) ?? [0];
    if (history.at(-1) !== weight) history.push(weight);
    weights.set(version, history);
  }

  void look();
  return {
    weightsOf: (version) => weights.get(version) ?? [0],
    mostProcesses: () => most,
    stop() {
      stopped = true;
    },
  };
}

/** Instances that run now: how many processes of each that are not the child of another of the same instance. */
export function countInstances(home: string): Map<string, number> {
  const processes = instanceProcesses(home);
  const counts = new Map<string, number>();
  for (const { id, parent } of processes) {
    const isChild = processes.some((other) => other.pid === parent && other.id === id);
    if (!isChild) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

interface InstanceProcess {
  readonly pid: number;
  readonly parent: number;
  readonly id: string;
}

/** Living processes that carry the mark of an instance of this home. */
export function instanceProcesses(home: string): InstanceProcess[] {
  return readdirSync('/proc').flatMap((entry) => {
    const environment = read(`/proc/${entry}/environ`).split('\0');
    const mark = environment.find((variable) => variable.startsWith('HOLDFAST_INSTANCE='));
    const alive = /\) [RSDI] (\d+) /.exec(read(`/proc/${entry}/stat`));
    if (mark === undefined || alive === null || !environment.includes(`HOLDFAST_HOME=${home}`)) return [];
    return [{ pid: Number(entry), parent: Number(alive[1]), id: mark.slice('HOLDFAST_INSTANCE='.length) }];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Weight by version, from `show servers state`: column 4 is the server's name, column 8 its weight. */
async function weightsNow(socket: string, backend: string): Promise<Map<string, number>> {
  const answer = await ask(socket, `show servers state ${backend}\n`);
  const rows = answer.split('\n').filter((line) => /^\d+ /.test(line));
  return new Map(
    rows.map((row) => {
      const columns = row.split(' ');
      return [(columns[3] ?? '').replace(/-\d+$/, ''), Number(columns[7])] as const;
    }),
  );
}

function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const client = connect(socket, () => client.write(command));
    client.setTimeout(1000, () => client.destroy(new Error('HAProxy does not answer')));
    client.on('data', (data) => (answer += data.toString()));
    client.once('end', () => resolve(answer));
    client.once('error', reject);
  });
}
