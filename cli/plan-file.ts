import type { CanaryPlanInput, Metric } from '../contracts/canary-plan.ts';
import { readGate } from './gate-file.ts';
import { duration, integer, items, members, oneOf, rootOf, wrong, type Place } from './reader.ts';
import { metricNames, readThreshold } from './threshold.ts';
import { readYaml, type Path, type YamlSource } from './yaml-source.ts';

export interface PlanFile {
  readonly plan: CanaryPlanInput;
  readonly source: PlanSource;
}

/** A file, and where in it a part of the plan stands: Argo's words and ours differ in shape. */
export interface PlanSource extends YamlSource {
  locate(pointer: readonly string[]): Path;
}

/** Reads the plan of a file: its `canary:` block, or the whole file. */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const source = await readYaml(path);
  return planOfFile(source);
}

export function planOfFile(source: YamlSource): PlanFile {
  const root = rootOf(source);
  const block = hasKey(root.value, 'canary') ? (members(root, ['canary'] as const).canary ?? root) : root;
  const reading = readPlan(block);
  return { plan: reading.plan, source: { ...source, locate: reading.locate } };
}

interface Reading {
  readonly plan: CanaryPlanInput;
  readonly locate: (pointer: readonly string[]) => Path;
}

type Step = NonNullable<CanaryPlanInput['steps']>[number];

/** A step and the places it was read from. */
interface ReadStep {
  readonly step: Step;
  readonly place: Place;
  readonly soak?: Place;
}

const times = ['drainDelay', 'warmWindow', 'lease'] as const;

/** Reads a plan in our words (`weight`, `soak`, `gate`, `checks`, `thresholds`) or in Argo's (`setWeight`, `pause`, `analysis`). */
export function readPlan(place: Place): Reading {
  const part = members(place, [
    'steps',
    'checks',
    'thresholds',
    'analysis',
    'onStableBreach',
    'timeouts',
    ...times,
  ]);
  const steps = part.steps === undefined ? [] : readSteps(part.steps);
  const analysis = part.analysis === undefined ? {} : readAnalysis(part.analysis);
  const plan: CanaryPlanInput = {
    ...(part.steps === undefined ? {} : { steps: steps.map(({ step }) => step) }),
    ...analysis,
    ...(part.checks === undefined ? {} : { checks: readChecks(part.checks) }),
    ...(part.thresholds === undefined ? {} : { thresholds: readThresholds(part.thresholds) }),
    ...(part.onStableBreach === undefined
      ? {}
      : { onStableBreach: oneOf(part.onStableBreach, ['hold', 'abort'] as const) }),
    ...(part.timeouts === undefined ? {} : { timeouts: readTimeouts(part.timeouts) }),
  };
  for (const name of times) {
    const at = part[name];
    if (at !== undefined) plan[name] = duration(at);
  }
  return { plan, locate: (pointer) => locateIn(place, steps, part.analysis, pointer) };
}

function readSteps(place: Place): ReadStep[] {
  const steps: ReadStep[] = [];
  for (const item of items(place)) {
    if (hasKey(item.value, 'weight')) steps.push(readOwnStep(item));
    else if (hasKey(item.value, 'pause')) addPause(steps, item);
    else steps.push({ step: { weight: readWeight(item, 'setWeight') }, place: item });
  }
  return steps;
}

function readOwnStep(place: Place): ReadStep {
  const part = members(place, ['weight', 'soak', 'gate'] as const);
  const step: Step = { weight: readWeight(place, 'weight') };
  if (part.soak !== undefined) step.soak = duration(part.soak);
  if (part.gate !== undefined) step.gate = readGate(part.gate);
  return { step, place, soak: part.soak };
}

function readWeight(place: Place, word: 'weight' | 'setWeight'): number {
  const weight = members(place, word === 'weight' ? ['weight', 'soak', 'gate'] : ['setWeight', 'pause'])[
    word
  ];
  if (weight === undefined) return wrong(place, 'must say setWeight or pause, or weight with soak and gate');
  const percent = integer(weight);
  return percent >= 1 && percent <= 100
    ? percent
    : wrong(weight, `must be a percentage from 1 to 100, not ${percent}`);
}

/** Argo's pause belongs to the weight before it: with a duration it is the soak, without one it waits for a person. */
function addPause(steps: ReadStep[], place: Place): void {
  const pause = members(place, ['pause', 'setWeight'] as const).pause;
  const last = steps.at(-1);
  if (pause === undefined) return;
  if (hasKey(place.value, 'setWeight')) wrong(place, 'must be either setWeight or pause');
  if (last === undefined) return wrong(place, 'comes before any setWeight, so there is nothing to wait at');
  const length = pause.value === null ? undefined : members(pause, ['duration'] as const).duration;
  if (length === undefined) {
    steps[steps.length - 1] = { ...last, step: { ...last.step, gate: true } };
    return;
  }
  if (last.step.soak !== undefined) wrong(place, 'is the second pause with a duration at this weight');
  steps[steps.length - 1] = { ...last, step: { ...last.step, soak: duration(length) }, soak: length };
}

const checkWords = ['interval', 'window', 'failureLimit', 'minRequests'] as const;

function readChecks(place: Place): NonNullable<CanaryPlanInput['checks']> {
  const part = members(place, checkWords);
  return {
    ...(part.interval === undefined ? {} : { interval: duration(part.interval) }),
    ...(part.window === undefined ? {} : { window: duration(part.window) }),
    ...(part.failureLimit === undefined ? {} : { failureLimit: integer(part.failureLimit) }),
    ...(part.minRequests === undefined ? {} : { minRequests: integer(part.minRequests) }),
  };
}

function readAnalysis(place: Place): Pick<CanaryPlanInput, 'checks' | 'thresholds'> {
  const { metrics } = members(place, [...checkWords, 'metrics'] as const);
  const checks = Object.fromEntries(
    Object.entries(place.value as object).filter(([key]) => key !== 'metrics'),
  );
  const read = Object.keys(checks).length === 0 ? {} : { checks: readChecks({ ...place, value: checks }) };
  if (metrics === undefined) return read;
  const thresholds: NonNullable<CanaryPlanInput['thresholds']> = {};
  for (const item of items(metrics)) {
    const { metric, limit } = readThreshold(item);
    if (thresholds[metric] !== undefined) wrong(item, `is a second threshold for ${metric}`);
    thresholds[metric] = limit;
  }
  return { ...read, thresholds };
}

function readThresholds(place: Place): NonNullable<CanaryPlanInput['thresholds']> {
  const part = members(place, ['errorRate', 'p95', 'p99'] as const);
  const thresholds: NonNullable<CanaryPlanInput['thresholds']> = {};
  for (const [metric, at] of Object.entries(part) as [Metric, Place][]) {
    const limits = members(at, ['max', 'maxRatio', 'maxIncrease'] as const);
    for (const limit of Object.values(limits)) {
      if (typeof limit.value !== 'number') wrong(limit, 'must be a number');
    }
    thresholds[metric] = at.value as NonNullable<typeof thresholds.errorRate>;
  }
  return thresholds;
}

function readTimeouts(place: Place): NonNullable<CanaryPlanInput['timeouts']> {
  const part = members(place, ['health', 'verify', 'hold', 'deadline'] as const);
  return Object.fromEntries(Object.entries(part).map(([name, at]) => [name, duration(at)]));
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** Where in the file the API's pointer into the plan points. */
function locateIn(
  place: Place,
  steps: readonly ReadStep[],
  analysis: Place | undefined,
  pointer: readonly string[],
): Path {
  const [first, index, member] = pointer;
  const step = first === 'steps' ? steps[Number(index)] : undefined;
  if (step !== undefined)
    return member === 'soak' && step.soak !== undefined ? step.soak.path : step.place.path;
  if (analysis !== undefined && first === 'checks') return [...analysis.path, ...pointer.slice(1)];
  if (analysis !== undefined && first === 'thresholds')
    return [...analysis.path, 'metrics', metricIndex(analysis, index)];
  return [...place.path, ...pointer];
}

function metricIndex(analysis: Place, metric: string | undefined): number {
  const { metrics = [] } = analysis.value as { metrics?: { name: string }[] };
  return metrics.findIndex(({ name }) => metricNames[name] === metric);
}
