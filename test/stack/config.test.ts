import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig, requireDatabaseUrl } from '../../config.ts';
import { settingNames } from '../../settings.ts';
import { OpsError } from '../../domain/errors.ts';

test('nothing needs to be set on one machine', () => {
  const config = loadConfig({ HOME: '/home/ada' });

  expect(config.databaseUrl).toBeNull();
  expect(config.temporal).toMatchObject({ address: null, namespace: 'holdfast', port: 7233, uiPort: 8233 });
  expect(config.api).toMatchObject({ host: '127.0.0.1', port: 7650, url: null, requestsPerMinute: 6000 });
  expect(config.cache).toBe('/home/ada/.cache/holdfast');
  expect(config.home).toBe(`${process.cwd()}/.holdfast`);
});

test('paths of the stack follow its state folder', () => {
  const config = loadConfig({ HOLDFAST_HOME: '/srv/holdfast' });

  expect(config.haproxy.baseConfig).toBe('/srv/holdfast/haproxy/base.cfg');
  expect(config.agent.state).toBe('/srv/holdfast/agent');
});

test('every wrong setting is named at once, with a remedy and without a secret', () => {
  const read = () =>
    loadConfig({
      HOLDFAST_API_PORT: '70000',
      LOG_LEVEL: 'loud',
      TEMPORAL_ADDRESS: 'http://temporal',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      HOLDFAST_PROJECT: 'No Spaces',
    });

  const error = thrownBy(read);

  expect(error.code).toBe('invalid-input');
  const faults = error.detail['faults'] as { name: string; remedy: string }[];
  expect(faults.map((fault) => fault.name).toSorted()).toEqual(
    ['DATABASE_URL', 'HOLDFAST_API_PORT', 'HOLDFAST_PROJECT', 'LOG_LEVEL', 'TEMPORAL_ADDRESS'].toSorted(),
  );
  expect(faults.every((fault) => fault.remedy.length > 0)).toBe(true);
  expect(JSON.stringify([error.message, error.detail])).not.toContain('hunter2');
});

test('an empty value counts as not set', () => {
  expect(loadConfig({ HOLDFAST_API_PORT: '', DATABASE_URL: ' ' }).api.port).toBe(7650);
});

test('the settings cannot be changed', () => {
  const config = loadConfig({});

  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.haproxy)).toBe(true);
});

test('a process that cannot run without a database says which setting it lacks', () => {
  expect(thrownBy(() => requireDatabaseUrl(loadConfig({}))).message).toContain('DATABASE_URL');
});

test('.env.example lists every setting and nothing else', () => {
  const text = readFileSync('.env.example', 'utf8');
  const listed = [...text.matchAll(/^# ([A-Z_]+)=/gm)].map((match) => match[1]);
  const everywhere = ['HOME', 'PATH', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'NO_COLOR', 'CI'];

  const ours = settingNames.filter((name) => !everywhere.includes(name));

  expect(listed.toSorted()).toEqual(ours.toSorted());
  for (const name of everywhere) expect(text).toContain(name);
});

function thrownBy(act: () => unknown): OpsError {
  try {
    act();
  } catch (error) {
    if (error instanceof OpsError) return error;
  }
  throw new Error('an OpsError was expected');
}
