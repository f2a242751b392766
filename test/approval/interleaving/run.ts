import type { Script, Step } from './script.ts';
import type { ApprovalSystem, Asking, OpenSystem } from './system.ts';
import { createWatch } from './watch.ts';

export interface Ran {
  readonly violations: readonly string[];
  readonly seen: Readonly<Record<string, number>>;
  readonly steps: number;
}

/** Runs one script on a system and looks on. */
export async function runScript(script: Script, open: OpenSystem): Promise<Ran> {
  const system = await open(script);
  const watch = createWatch(script.question);
  const asked: Asking[] = [];
  const acts: string[] = [];
  let steps = 0;
  let parts = 0;
  for (const step of script.steps) {
    steps += 1;
    // What was looked at before a step is what those who do things together have in front of them.
    await take(step, [...asked]);
    for (const thing of acts.splice(0)) watch.acted(thing, steps);
    watch.looked(await system.outcomes());
  }
  return { violations: watch.violations, seen: watch.seen, steps: parts };

  async function take(step: Step, before: readonly Asking[]): Promise<void> {
    parts += 1;
    switch (step.kind) {
      case 'request':
        return ask(() => system.request());
      case 'edit':
        return system.edit(step.thing);
      case 'answer': {
        const asking = step.isStale ? (before.at(-2) ?? before.at(-1)) : before.at(-1);
        if (asking === undefined) return;
        if (await system.answer(asking, step.by, step.decision, step.times))
          watch.answered(asking, step.by, step.decision);
        return;
      }
      case 'around': {
        const asking = before.at(-1);
        if (asking !== undefined && (await system.around(asking, step.by, step.decision)))
          watch.answered(asking, step.by, step.decision);
        return;
      }
      case 'deliver':
        return system.deliver(step.how, step.isForged);
      case 'expire':
        watch.escalated();
        return system.expire();
      case 'escalate':
        watch.escalated();
        return system.escalate();
      case 'cancel':
        return system.cancel();
      case 'continue-as-new':
        await system.continueAsNew();
        return ask(() => system.request());
      case 'reset':
        await system.reset();
        return ask(() => system.request());
      case 'act': {
        const thing = await system.act();
        if (thing !== null) acts.push(thing);
        return;
      }
      case 'together':
        await Promise.all(step.steps.map((part) => take(part, before)));
        return;
    }
  }

  async function ask(request: ApprovalSystem['request']): Promise<void> {
    const asking = await request();
    if (asking === null) return;
    if (asked.at(-1)?.id !== asking.id) asked.push(asking);
    watch.asked(asking, steps);
  }
}
