import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMask, maskVersion } from '../domain/log-template/mask.ts';
import { createMiner } from '../domain/log-template/miner.ts';
import { groupByTree } from './log-template/fixed-depth-tree.ts';
import { groupingOf, type Grouping } from './log-template/grouping.ts';
import { logSystems, type LogSystem } from './log-template/systems.ts';

const passes = 15;
const floods = 300_000;

/**
 * How well log lines are put together by kind, with one fixed configuration for every system; how many lines a second; and how much memory
 * a flood of lines that never repeat takes. Peers in the same run: a fixed-depth tree (Drain), and the masks alone.
 */
export async function templates({ note }: { note: (text: string) => void }) {
  const systems = await logSystems();
  if (systems === null) return { not_measured: 'no data: set HOLDFAST_DATA to its folder' };
  const figures = systems.map((system) => {
    const found = groupingOf(mined(system), system.labels);
    note(`${system.name}: GA ${round(found.ga)}, FGA ${round(found.fga)}`);
    return {
      system,
      found,
      tree: groupingOf(groupByTree(system.lines), system.labels),
      masks: masksAlone(system),
    };
  });
  const meanOf = (pick: (figure: (typeof figures)[number]) => number): number =>
    round(figures.reduce((sum, figure) => sum + pick(figure), 0) / figures.length);
  return {
    mask_version: maskVersion,
    mean_ga: meanOf(({ found }) => found.ga),
    mean_fga: meanOf(({ found }) => found.fga),
    goal_mean_ga: 0.85,
    goal_mean_fga: 0.86,
    tree_mean_ga: meanOf(({ tree }) => tree.ga),
    tree_mean_fga: meanOf(({ tree }) => tree.fga),
    masks_alone_mean_ga: meanOf(({ masks }) => masks.ga),
    masks_alone_mean_fga: meanOf(({ masks }) => masks.fga),
    ...speed(systems),
    goal_lines_per_s: 200_000,
    ...flood(),
    systems: Object.fromEntries(figures.map(({ system, found }) => [system.name, rounded(found)])),
  };
}

function mined({ lines }: LogSystem): string[] {
  const mask = createMask();
  const miner = createMiner();
  const found = lines.map((line) => miner.add(mask(line)));
  return found.map((template) => miner.current(template).text);
}

function masksAlone({ lines, labels }: LogSystem): Grouping {
  return groupingOf(lines.map(createMask()), labels);
}

/** Steady: every kind of line has been seen. */
function speed(systems: readonly LogSystem[]) {
  const lines = systems.flatMap((system) => system.lines);
  const mask = createMask();
  const miner = createMiner();
  for (const line of lines) miner.add(mask(line));
  const began = performance.now();
  for (let pass = 0; pass < passes; pass += 1) for (const line of lines) miner.add(mask(line));
  const perSecond = (lines.length * passes) / ((performance.now() - began) / 1000);
  const treeBegan = performance.now();
  groupByTree(lines);
  const treePerSecond = lines.length / ((performance.now() - treeBegan) / 1000);
  return {
    lines_per_s: Math.round(perSecond),
    tree_lines_per_s: Math.round(treePerSecond),
    ratio_speed: round(perSecond / treePerSecond),
  };
}

/** Lines of which no two are alike: what is kept of them is bounded. */
function flood() {
  const mask = createMask();
  const miner = createMiner();
  const before = heldBytes();
  for (let line = 0; line < floods; line += 1)
    miner.add(mask(`${word(line)} ${word(line * 7 + 3)} failed at ${word(line * 13 + 5)} and ${line} more`));
  const extraMb = (heldBytes() - before) / 2 ** 20;
  return {
    flood_lines: floods,
    flood_templates: miner.templates().length,
    flood_extra_mb: Math.round(extraMb),
  };
}

/** What is still in use once the rest was collected. */
function heldBytes(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** A word without digits that is another one for every number. */
function word(number: number): string {
  return String(number).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
}

function rounded({ ga, fga, ...rest }: Grouping) {
  return { ga: round(ga), fga: round(fga), ...rest };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
