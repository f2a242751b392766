import { bundleWorkflowCode } from '@temporalio/worker';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A change of the story that running operations would not survive. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Goes on top of the file: what the change imports. */
  readonly header?: string;
}

const rollout = 'workflows/canary-rollout/rollout.ts';
const climb = 'workflows/canary-rollout/climb.ts';
const gate = 'workflows/canary-rollout/gate.ts';
const configWaves = 'workflows/config-rollout/waves.ts';
const configRollout = 'workflows/config-rollout/rollout.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'two steps swapped',
    file: rollout,
    from: 'await bringUp(run, compensations);\n    await takeTarget(run, compensations);',
    to: 'await takeTarget(run, compensations);\n    await bringUp(run, compensations);',
  },
  {
    name: 'clustering does not show its phase',
    file: 'workflows/feedback-clustering/clustering.ts',
    from: 'run.isDirty = false;\n  run.isWorking = true;\n  show(run);',
    to: 'run.isDirty = false;\n  run.isWorking = true;',
  },
  {
    name: 'a source is not left alone when it wants to be',
    file: 'workflows/feedback/sync.ts',
    from: 'await sleep(Math.max(1000, step.waitMs));',
    to: 'continue;',
  },
  { name: 'an activity dropped', file: rollout, from: 'await takeTarget(run, compensations);', to: '' },
  {
    name: 'an activity added',
    file: rollout,
    from: 'await takeTarget(run, compensations);',
    to: 'await takeTarget(run, compensations);\n    await takeTarget(run, compensations);',
  },
  {
    name: 'a timeline event dropped',
    file: rollout,
    from: "await tell(run, 'release.healthy', summary);",
    to: '',
  },
  {
    name: 'a timer added',
    file: rollout,
    from: 'await begin(run);',
    to: 'await begin(run);\n    await condition(() => false, 50);',
  },
  {
    name: 'compensations in the wrong order',
    file: rollout,
    from: 'compensations.reverse()',
    to: 'compensations',
  },
  {
    name: 'the configuration goes back before the requests',
    file: rollout,
    from: 'compensations.push(proveTraffic, restoreConfig, restoreTrafficFirst)',
    to: 'compensations.push(proveTraffic, restoreTrafficFirst, restoreConfig)',
  },
  {
    name: 'no compensation',
    file: rollout,
    from: 'if (ending !== null) await undo(run, ending, compensations);',
    to: '',
  },
  {
    name: 'another activity promotes',
    file: rollout,
    from: 'await forward.promoteRelease({',
    to: 'await forward.shiftTraffic({ weight: 100, leaseMs: 1,',
  },
  {
    name: 'the soak is left out',
    file: climb,
    from: 'return step.soakMs > 0 || step.weight < 100;',
    to: 'return false;',
  },
  {
    name: 'the gate is left out',
    file: gate,
    from: 'if (step.gate === null) return null;',
    to: 'if (step.gate === null || index >= 0) return null;',
  },
  {
    name: 'a step is left out',
    file: climb,
    from: 'of run.input.plan.steps.entries()',
    to: 'of run.input.plan.steps.slice(1).entries()',
  },
  {
    name: 'a phase is shown that was not',
    file: climb,
    from: "enter(run, 'shifting', { step: index, weight: step.weight });",
    to: "enter(run, 'starting');\n  enter(run, 'shifting', { step: index, weight: step.weight });",
  },
  {
    name: 'a search attribute is no longer kept',
    file: 'workflows/canary-rollout/run.ts',
    from: 'if (!moved) return;',
    to: 'if (moved) return;',
  },
  {
    name: 'a wait without its deadline',
    file: 'workflows/canary-rollout/attention.ts',
    from: 'condition(wake, timeoutMs, { summary: `longest time for: ${run.state.phase}` })',
    to: 'condition(wake).then(() => timeoutMs > 0)',
  },
  {
    name: 'a decision is believed unread',
    file: gate,
    from: 'view = await records.lookAtGate({ operationId: run.input.operationId, gateId: opened.gateId });',
    to: "view = { ...opened, outcome: 'approved' };",
  },
  {
    name: 'a level of escalation is not told',
    file: gate,
    from: 'if (view.level > told.level) {',
    to: 'if (view.level > told.level + 1) {',
  },
  {
    name: 'what was announced is not looked up',
    file: 'workflows/shared/announcements.ts',
    from: 'const { known } = await lookUp({ ids, strange, hearing: heard.hearings });',
    to: 'void lookUp;\n    const known = ids.length;',
  },
  {
    name: 'a rollback leaves the version where it is',
    file: 'workflows/canary-rollout/rollback.ts',
    from: 'const removed = await safety.removeRelease({ operationId, token, drainMs });',
    to: 'const removed = { summary: String(token + drainMs) };',
  },
  {
    name: 'a delivery that was given up is not written down',
    file: 'workflows/notification/notification.ts',
    from: 'await records.settleDelivery({ deliveryId, ...ended });',
    to: 'void [records, deliveryId];',
  },
  {
    name: 'a message is sent twice',
    file: 'workflows/notification/notification.ts',
    from: 'const { state, reason } = await sender(waitsMs).deliver({ deliveryId, waitsMs });',
    to: 'await sender(waitsMs).deliver({ deliveryId, waitsMs });\n    const { state, reason } = await sender(waitsMs).deliver({ deliveryId, waitsMs });',
  },
  {
    name: 'a wave is ordered before people are asked',
    file: configWaves,
    from: '(await passWaveGate(run, wave)) ??\n      (await passPauses(run, wave)) ??\n      (await bring(run, wave)) ??',
    to: '(await bring(run, wave)) ??\n      (await passWaveGate(run, wave)) ??\n      (await passPauses(run, wave)) ??',
  },
  {
    name: 'a freeze that began while people were asked holds nothing',
    file: configWaves,
    from: "if (ending !== null || !hasWaited || !patched('freeze-after-waiting')) return ending;",
    to: 'if (ending !== null || patched !== undefined || hasWaited) return ending;',
  },
  {
    name: 'a cancel in the last wave is lost',
    file: configRollout,
    from: "!patched('late-ending')) return null;",
    to: "patched('late-ending')) return null;",
  },
  {
    name: 'a wave does not bake',
    file: configWaves,
    from: 'if (bakeMs === 0 || run.proxies === 0) return run.wish.abort;',
    to: 'if (bakeMs >= 0) return run.wish.abort;',
  },
  {
    name: 'freezes are not looked at',
    file: configWaves,
    from: "if (mode === 'rollback' || ignoreFreeze) return null;",
    to: 'return null;',
  },
  {
    name: 'a revision is not asked about once more',
    file: configRollout,
    from: "if (run.input.mode === 'rollback') return;",
    to: 'return;',
  },
  {
    name: 'the way back is not watched',
    file: 'workflows/config-rollout/go-back.ts',
    from: "if (seen.kind === 'interrupted') return [`wave ${wave + 1} was not watched`];",
    to: "await tell(run, 'wave.unwatched', 'nothing');\n  if (seen.kind === 'interrupted') return [];",
  },
  {
    name: 'proxies are kept',
    file: configRollout,
    from: 'await safety.disownProxies({ operationId });',
    to: '',
  },
  {
    name: 'a pause between two sweeps',
    file: 'workflows/reconciliation.ts',
    header: "import { sleep } from '@temporalio/workflow';\n",
    from: 'setCurrentDetails(note);',
    to: 'setCurrentDetails(note);\n    await sleep(1000);',
  },
];

const root = path.resolve(import.meta.dirname, '../..');
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export interface Mutations {
  /** The bundle with one place changed. Throws when the place is not there. */
  bundle(mutant: Mutant): Promise<{ code: string }>;
  close(): Promise<void>;
}

/** Workflows and domain in a folder of their own, in which one file at a time is another one; what did not change is not bundled again. */
export async function openMutations(): Promise<Mutations> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-mutant-'));
  for (const part of ['workflows', 'domain', 'package.json']) {
    await cp(path.join(root, part), path.join(folder, part), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const cache = { type: 'filesystem' as const, cacheDirectory: path.join(folder, 'cache') };
  // By content: two mutants may be written in the same millisecond.
  const snapshot = { module: { hash: true }, resolve: { hash: true } };

  return {
    async bundle(mutant) {
      const file = path.join(folder, mutant.file);
      const source = await readFile(file, 'utf8');
      if (!source.includes(mutant.from))
        throw new Error(`${mutant.name}: ${mutant.file} no longer says ${mutant.from}`);
      await writeFile(file, `${mutant.header ?? ''}${source.replace(mutant.from, mutant.to)}`);
      try {
        const { code } = await bundleWorkflowCode({
          workflowsPath: path.join(folder, 'workflows/index.ts'),
          webpackConfigHook: (config) => ({ ...config, cache, snapshot }),
          logger: silent,
        });
        return { code };
      } finally {
        await writeFile(file, source);
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
