import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseProgram } from '../../proxy-agent/agent-update/choose-program.ts';
import { forgetStarts } from '../../proxy-agent/agent-update/start-count.ts';
import { loadUpdate, releaseFile, saveUpdate } from '../../proxy-agent/agent-update/update-state.ts';

const installed = '/opt/agent/main.ts';
const content = 'export {};';
const release = {
  sequence: 7,
  version: '0.3.0',
  sha256: createHash('sha256').update(content).digest('hex'),
};

let folder: string;
let logged: string[];
let now: number;

/** A host on which a release has passed its trial. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-choose-program-'));
  mkdirSync(join(folder, 'agent'));
  writeFileSync(releaseFile(folder, release), content);
  const newest = { ...release, outcome: 'running' as const, failure: null };
  saveUpdate(folder, { installed, current: release, newest, trial: null });
  logged = [];
  now = 1_000_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** After so many seconds the host starts the installed program; answers whether the release runs. */
function start(afterSeconds: number): boolean {
  now += afterSeconds * 1000;
  const chosen = chooseProgram({ stateFolder: folder }, installed, (_, text) => logged.push(text), now);
  if (chosen !== null) expect(chosen).toEqual({ program: releaseFile(folder, release), guard: null });
  return chosen !== null;
}

test('a release that ends again and again gives way to the installed program, and says so', () => {
  expect([start(0), start(5), start(5), start(5), start(5)]).toEqual([true, true, true, true, true]);
  expect(start(5)).toBe(false);
  expect(loadUpdate(folder)).toMatchObject({
    current: null,
    newest: {
      sequence: 7,
      outcome: 'restored',
      failure: 'it was started 5 times within 5 minutes and ended each time',
    },
  });
  expect(start(3600)).toBe(false);
});

test('one that ends now and then goes on', () => {
  for (let time = 0; time < 20; time += 1) expect(start(61)).toBe(true);
});

test('whoever ends the agent by hand may do so as often as they like', () => {
  for (let time = 0; time < 20; time += 1) {
    expect(start(1)).toBe(true);
    forgetStarts(folder);
  }
});

test('starts of another release, of a clock that was wrong, and a file that is none count nothing', () => {
  for (const text of ['', '{', JSON.stringify({ sha256: release.sha256, at: ['now'] })]) {
    writeFileSync(join(folder, 'agent/starts.json'), text);
    expect(start(1)).toBe(true);
  }
  const later = Array.from({ length: 9 }, () => now + 3_600_000);
  writeFileSync(join(folder, 'agent/starts.json'), JSON.stringify({ sha256: release.sha256, at: later }));
  expect(start(1)).toBe(true);
  const others = Array.from({ length: 9 }, () => now);
  writeFileSync(join(folder, 'agent/starts.json'), JSON.stringify({ sha256: 'f'.repeat(64), at: others }));
  expect(start(1)).toBe(true);
});

test('where nothing can be written the release starts all the same', () => {
  for (const name of ['starts.json', 'current.json'])
    mkdirSync(join(folder, `agent/${name}.${process.pid}.new`));

  for (let time = 0; time < 9; time += 1) expect(start(1)).toBe(true);

  expect(new Set(logged)).toEqual(new Set(['a start was not counted']));
});

test('a file that is not what was signed never runs', () => {
  writeFileSync(releaseFile(folder, release), 'process.exit(9)');

  expect(start(0)).toBe(false);
  expect(loadUpdate(folder).newest).toMatchObject({
    outcome: 'restored',
    failure: expect.stringContaining('not what was signed') as string,
  });
});

test('a trial whose start cannot be counted waits, and the agent starts', () => {
  const trial = { release, starts: 1, hadHaproxy: true };
  saveUpdate(folder, {
    installed,
    current: null,
    newest: { ...release, outcome: null, failure: null },
    trial,
  });
  mkdirSync(join(folder, `agent/current.json.${process.pid}.new`));

  for (let time = 0; time < 9; time += 1) expect(start(1)).toBe(false);

  expect(loadUpdate(folder).trial).toEqual(trial);
  rmSync(join(folder, `agent/current.json.${process.pid}.new`), { recursive: true });
  const chosen = chooseProgram({ stateFolder: folder }, installed, () => undefined, now);
  expect(chosen).toEqual({ program: releaseFile(folder, release), guard: installed });
});

test('what is said of the current release is not said of an order that is newer', () => {
  const newest = { sequence: 12, version: '0.4.0', sha256: 'c'.repeat(64), outcome: null, failure: null };
  saveUpdate(folder, { installed, current: release, newest, trial: null });
  for (let time = 0; time < 6; time += 1) start(5);

  expect(loadUpdate(folder)).toMatchObject({ current: null, newest });
});
