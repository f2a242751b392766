import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cliHouse, shopYaml, type CliHouse } from './house.ts';

let house: CliHouse;
beforeAll(async () => {
  house = await cliHouse();
});
afterAll(() => house.close());

const config = (...argv: string[]) => house.run('config', ...argv);
let names = 0;

/** An environment of its own for each test. */
function newEnvironment(): string {
  names += 1;
  return `env-${names}`;
}

/** An environment whose head is the shop, and the file that it was put from. */
async function withHead(): Promise<{ env: string; path: string; revision: string }> {
  const env = newEnvironment();
  const path = await house.file(`${env}.yml`, shopYaml());
  const put = await config('put', path, '--env', env, '--reason', 'first', '--json');
  expect(put).toMatchObject({ code: 0 });
  return { env, path, revision: put.json().revision };
}

/** What a colleague puts from a file of their own. */
async function colleaguePuts(env: string, revision: string, text: string): Promise<string> {
  const other = await house.file(`${env}-other.yml`, text);
  const put = await config('put', other, '--env', env, '--reason', 'theirs', '--base', revision, '--json');
  expect(put).toMatchObject({ code: 0 });
  return put.json().revision;
}

describe('put', () => {
  test('makes a file the head, remembers what it was, and goes on from there', async () => {
    const { env, path, revision } = await withHead();
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const again = await config('put', path, '--env', env, '--reason', 'more carts');
    const same = await config('put', path, '--env', env, '--reason', 'more carts');
    const history = await config('history', '--env', env);

    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('holdfast config apply --env') });
    expect(again.stdout).toMatch(/^[0-9a-f]{64} is the head of env-/);
    expect(same).toMatchObject({ code: 0, stdout: again.stdout });
    expect(await house.read(`${env}.yml.revision`)).toContain(
      `default/${env} ${again.stdout.slice(0, 64)}\n`,
    );
    expect(history.stdout).toMatch(new RegExp(`${revision.slice(0, 12)} .*ada +first`));
    expect(history.stdout).toMatch(/head .*more carts/);
  });

  test('of one file to two environments remembers both', async () => {
    const { env, path } = await withHead();
    const second = newEnvironment();

    expect(await config('put', path, '--env', second, '--reason', 'too')).toMatchObject({ code: 0 });

    const kept = await house.read(`${env}.yml.revision`);
    expect(kept).toContain(`default/${env} `);
    expect(kept).toContain(`default/${second} `);
  });

  test('tells every problem with file, line and column, whether shape, policy or HAProxy finds it', async () => {
    const env = newEnvironment();
    const shape = await house.file(
      'shape.yml',
      shopYaml({ extra: 'fronends: []\n' }).replace('weight: 10', 'weight: many'),
    );
    const policy = await house.file('policy.yml', shopYaml().replace('backend: cart', 'backend: carts'));
    const syntax = await house.file('syntax.yml', 'schemaVersion: 1\nfrontends: [\n');
    const list = await house.file('list.yml', '- a\n');

    const put = (path: string) => config('put', path, '--env', env, '--reason', 'x');

    const shaped = await put(shape);
    expect(shaped).toMatchObject({ code: 2, stdout: '' });
    expect(shaped.stderr).toContain(`${shape}:17:51: backends.0.servers.0.weight must be integer`);
    expect(shaped.stderr).toContain(`${shape}:21:1: fronends is not known here`);
    expect((await put(policy)).stderr).toContain(`${policy}:12:18: frontends.0.routes.0.backend is carts`);
    expect((await put(syntax)).stderr).toContain(`${syntax}:3:1: `);
    expect((await put(list)).stderr).toContain(`${list}:1:1: must be a mapping`);
    expect((await config('show', '--env', env)).code).toBe(4);
  });

  test('never overwrites a head that the file was not made from', async () => {
    const { env, revision } = await withHead();
    const unknown = await house.file(`${env}-new.yml`, shopYaml({ cart: 50 }));

    const refused = await config('put', unknown, '--env', env, '--reason', 'mine');
    const forced = await config('put', unknown, '--env', env, '--reason', 'mine', '--base', 'head');

    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toContain(`${unknown}.revision`);
    expect(refused.stderr).toContain(`--base ${revision.slice(0, 12)}`);
    expect(forced).toMatchObject({ code: 0 });
  });
});

describe('somebody was faster', () => {
  test('what they did is shown, and --merge takes both and keeps the comments', async () => {
    const { env, path, revision } = await withHead();
    const theirs = await colleaguePuts(env, revision, shopYaml({ pages: 30 }));
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const lost = await config('put', path, '--env', env, '--reason', 'mine');
    const asJson = await config('put', path, '--env', env, '--reason', 'mine', '--json');
    const merged = await config('put', path, '--env', env, '--reason', 'mine', '--merge');

    expect(lost).toMatchObject({ code: 5, stdout: '' });
    expect(lost.stderr).toContain(`its head is ${theirs.slice(0, 12)}`);
    expect(lost.stderr).toMatch(/ada: theirs/);
    expect(lost.stderr).toMatch(/weight/);
    expect(lost.stderr).toContain('nothing was changed by both');
    expect(lost.stderr).toContain('--merge');
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: { code: 'precondition-failed', status: 412, merge: { head: theirs, conflicts: [] } },
    });
    expect(merged).toMatchObject({ code: 0, stderr: expect.stringContaining('holds both now') });
    expect(await house.read(`${env}.yml`)).toBe(shopYaml({ cart: 20, pages: 30 }));
    expect((await config('show', '--env', env)).stdout).toMatch(/weight: 20[^]*weight: 30/);
  });

  test('what both changed is told at its line, and stays undecided until somebody says whose counts', async () => {
    const { env, path, revision } = await withHead();
    await colleaguePuts(env, revision, shopYaml({ cart: 30, pages: 30 }));
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const conflict = await config('put', path, '--env', env, '--reason', 'mine', '--merge');
    const ours = await config('put', path, '--env', env, '--reason', 'mine', '--merge', '--ours');

    expect(conflict).toMatchObject({ code: 5, stdout: '' });
    expect(conflict.stderr).toContain(
      `${path}:17:51: backends.0.servers.0.weight was changed by both: 10 before, 20 here, 30 there`,
    );
    expect(conflict.stderr).toContain('--merge --ours');
    expect(ours).toMatchObject({ code: 0 });
    expect(await house.read(`${env}.yml`)).toBe(shopYaml({ cart: 20, pages: 30 }));
  });
});

describe('pull', () => {
  test('writes a file that can be put again, and brings it up to date with its comments', async () => {
    const { env, revision } = await withHead();
    const pulled = house.path(`folder/${env}.yml`);

    const first = await config('pull', pulled, '--env', env);
    const text = await house.read(`folder/${env}.yml`);
    await house.file(`folder/${env}.yml`, `# ours\n${text}`);
    const theirs = await colleaguePuts(env, revision, shopYaml({ pages: 30 }));
    const second = await config('pull', pulled, '--env', env);

    expect(first).toMatchObject({
      code: 0,
      stdout: `${pulled} is at ${revision.slice(0, 12)}, the head of ${env}\n`,
    });
    expect(second).toMatchObject({ code: 0 });
    expect(await house.read(`folder/${env}.yml`)).toBe(
      `# ours\n${text.replace(/weight: 10(?![^]*weight)/, 'weight: 30')}`,
    );
    expect(await house.read(`folder/${env}.yml.revision`)).toContain(theirs);
  });

  test('keeps changes that were never put, unless they may be lost', async () => {
    const { env, path, revision } = await withHead();
    await colleaguePuts(env, revision, shopYaml({ pages: 30 }));
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const refused = await config('pull', path, '--env', env);
    const unknown = await house.file(`${env}-unknown.yml`, shopYaml({ cart: 20 }));
    const refusedToo = await config('pull', unknown, '--env', env, '--merge');
    const merged = await config('pull', path, '--env', env, '--merge');
    const both = await house.read(`${env}.yml`);
    const put = await config('put', path, '--env', env, '--reason', 'on top');
    const forced = await config('pull', unknown, '--env', env, '--force');

    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('never put') });
    expect(refusedToo).toMatchObject({ code: 5, stderr: expect.stringContaining('not known which') });
    expect(merged).toMatchObject({ code: 0, stdout: expect.stringContaining('your own changes on top') });
    expect(both).toBe(shopYaml({ cart: 20, pages: 30 }));
    expect(put).toMatchObject({ code: 0 });
    expect(forced).toMatchObject({ code: 0 });
    expect(await house.read(`${env}-unknown.yml`)).toBe(shopYaml({ cart: 20, pages: 30 }));
  });

  test('tells what both changed', async () => {
    const { env, path, revision } = await withHead();
    await colleaguePuts(env, revision, shopYaml({ cart: 30 }));
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const conflict = await config('pull', path, '--env', env, '--merge');

    expect(conflict).toMatchObject({ code: 5 });
    expect(conflict.stderr).toContain(`${path}:17:51: backends.0.servers.0.weight was changed by both`);
    expect(await config('pull', path, '--env', env, '--merge', '--ours')).toMatchObject({ code: 0 });
  });
});

describe('looking', () => {
  test('show prints YAML or the rendered file on stdout and the rest on stderr', async () => {
    const { env, revision } = await withHead();

    const yaml = await config('show', '--env', env);
    const rendered = await config('show', revision.slice(0, 8), '--env', env, '--rendered');
    const json = await config('show', 'head', '--env', env, '--json');

    expect(parse(yaml.stdout)).toEqual(parse(shopYaml()));
    expect(yaml.stderr).toContain(`${env} ${revision} (head), `);
    expect(rendered.stdout).toContain('frontend ');
    expect(json.json()).toMatchObject({ revision, isHead: true, isLive: false });
  });

  test('diff says what it means, what it takes and what it comes to', async () => {
    const { env, path, revision } = await withHead();
    await house.file(`${env}.yml`, shopYaml({ cart: 20 }));

    const file = await config('diff', '--file', path, '--env', env);
    const put = await config('put', path, '--env', env, '--reason', 'more', '--json');
    const byName = await config('diff', revision.slice(0, 12), 'head', '--env', env);
    const usual = await config('diff', '--env', env, '--json');
    const none = await config('diff', 'head', 'head', '--env', env);

    for (const { stdout, code } of [file, byName]) {
      expect(code).toBe(0);
      expect(stdout).toContain(`${revision.slice(0, 12)} -> ${put.json().revision.slice(0, 12)}: 1 change`);
      expect(stdout).toMatch(/takes: /);
      expect(stdout).toMatch(/^-.*weight 10/m);
      expect(stdout).toMatch(/^\+.*weight 20/m);
    }
    expect(usual.json()).toMatchObject({ from: revision, to: put.json().revision });
    expect(none.stdout).toContain('no difference');
  });

  test('plan shows waves and freezes, and exits with 2 where the document or the plan is at fault', async () => {
    const { env, path } = await withHead();
    const bad = await house.file(`${env}-bad.yml`, shopYaml().replace('backend: cart', 'backend: carts'));
    const plan = await house.file(
      `${env}-plan.yml`,
      'waves:\n  - { percent: 10, bake: 5m }\n  - regions: [fra]\n    approval: true\n',
    );
    const odd = await house.file(`${env}-odd.yml`, 'waves:\n  - percent: 150\n');
    const typo = await house.file(`${env}-typo.yml`, 'waves:\n  - { percnt: 10 }\n');
    const settings = await house.file(
      `${env}-settings.yml`,
      'freezes: [{ since: 2020-01-01T00:00:00Z, until: 2199-01-01T00:00:00Z, reason: always }]\n',
    );
    await config('env', 'set', settings, '--env', env);

    const good = await config('plan', '--file', path, '--plan', plan, '--env', env);
    const problems = await config('plan', '--file', bad, '--env', env);
    const problemsJson = await config('plan', '--file', bad, '--env', env, '--json');
    const faults = [odd, typo].map((each) => config('plan', '--plan', each, '--env', env));
    const [tooMuch, unknown] = await Promise.all(faults);

    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain('wave 1 of 3: 10 %, 0 proxies, bakes 5m');
    expect(good.stdout).toContain('wave 2 of 3: in fra, 0 proxies, after 1 approval');
    expect(good.stdout).toContain('frozen until 2199-01-01');
    expect(problems).toMatchObject({ code: 2 });
    expect(problems.stderr).toContain(`${bad}:12:18: frontends.0.routes.0.backend is carts`);
    expect(problemsJson).toMatchObject({ code: 2 });
    expect(problemsJson.json()).toMatchObject({ problems: [{ pointer: '/frontends/0/routes/0/backend' }] });
    expect(tooMuch).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`${odd}:2:14: waves.0.percent`),
    });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${typo}:2:7: waves.0.percnt is not known here`),
    });
  });
});

test('import gives a document on stdout and every lost line on stderr, and overwrites nothing', async () => {
  const env = newEnvironment();
  const cfg = await house.file(
    'haproxy.cfg',
    `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
frontend web
  bind :8080
  stick-table type ip size 1m
  default_backend pages
backend pages
  server p1 10.0.1.1:80
`,
  );

  const printed = await config('import', cfg, '--env', env);
  const out = house.path('imported.yml');
  const written = await config('import', cfg, '--env', env, '-o', out);
  const again = await config('import', cfg, '--env', env, '-o', out);
  const put = await config('put', out, '--env', env, '--reason', 'from haproxy.cfg');

  expect(printed).toMatchObject({ code: 0 });
  expect(parse(printed.stdout)).toMatchObject({ schemaVersion: 1, backends: [{ name: 'pages' }] });
  expect(printed.stderr).toMatch(/haproxy\.cfg:9: lost: stick-table type ip size 1m: /);
  expect(printed.stderr).toMatch(/1 line is not understood and not in the document/);
  expect(written).toMatchObject({ code: 0, stdout: `${out}\n` });
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('there already') });
  expect(put).toMatchObject({ code: 0 });
});

test('simulate names each request that changes by its line, and groups them by what changes', async () => {
  const { env, path } = await withHead();
  await house.file(`${env}.yml`, shopYaml().replace('prefixes: [/cart]', 'prefixes: [/basket]'));
  const requests = await house.file(
    'requests.jsonl',
    [
      '{"port":8080,"method":"GET","host":"shop.example.org","path":"/cart/1"}',
      '',
      '{"server_port":8080,"request_method":"post","http_host":"shop.example.org","request_uri":"/cart/2?x=1","status":200}',
      '{"port":8080,"host":"shop.example.org","path":"/about","headers":{"x-a":"b"}}',
    ].join('\n'),
  );
  const bad = await house.file(
    'bad.jsonl',
    '{"port":8080,"host":"a","path":"/"}\nGET /\n{"host":"a","path":"/x"}\n',
  );
  const unsendable = await house.file('unsendable.jsonl', '\n{"port":8080,"host":"a","path":"no-slash"}\n');

  const simulated = await config('simulate', '--file', path, '--env', env, '--requests', requests);
  const json = await config('simulate', '--file', path, '--env', env, '--requests', requests, '--json');
  const faults = await config('simulate', '--env', env, '--requests', bad);
  const refused = await config('simulate', '--env', env, '--requests', unsendable);

  expect(simulated).toMatchObject({ code: 0 });
  expect(simulated.stdout).toContain('2 of 3 requests change');
  expect(simulated.stdout).toContain('line 1: GET shop.example.org/cart/1 on port 8080');
  expect(simulated.stdout).toContain('line 3: POST shop.example.org/cart/2?x=1 on port 8080');
  expect(simulated.stdout).toMatch(/backend: cart -> pages/);
  expect(json.json().affected).toMatchObject([
    { line: 1, index: 0 },
    { line: 3, index: 1 },
  ]);
  expect(faults).toMatchObject({ code: 2, stdout: '' });
  expect(faults.stderr).toContain(`${bad}:2: is no JSON object`);
  expect(faults.stderr).toContain(`${bad}:3: names no port`);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${unsendable}:2: path `) });
});

test('settings go out as YAML and back, and nobody undoes what somebody else has set', async () => {
  const env = newEnvironment();
  const first = await house.file(
    'settings.yml',
    'plan: { waves: [{ percent: 10, bake: 5m }] }\ndrift: revert\n',
  );
  const odd = await house.file(
    'odd.yml',
    'drift: revert\nfreezes:\n  - { days: [fri], from: "16:00", to: "23:59", timeZone: Mars/Base, reason: x }\n',
  );

  const made = await config('env', 'set', first, '--env', env);
  const shown = await config('env', 'show', env);
  const edited = await house.file('edited.yml', shown.stdout.replace('revert', 'report'));
  const put = await config('env', 'set', edited, '--env', env);
  const late = await config('env', 'set', env, edited);
  const forced = await config('env', 'set', edited, '--env', env, '--force');
  const refused = await config('env', 'set', odd, '--env', env);
  const list = await config('env', 'list');

  expect(made).toMatchObject({ code: 0 });
  expect(parse(shown.stdout)).toEqual(parse('plan: { waves: [{ percent: 10, bake: 5m }] }\ndrift: revert\n'));
  expect(shown.stderr).toContain(`${env}: 0 proxies`);
  expect(put).toMatchObject({ code: 0 });
  expect(late).toMatchObject({ code: 5 });
  expect(forced).toMatchObject({ code: 0 });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${odd}:3:`) });
  expect(list.stdout).toContain(env);
});

test('a broken revision file is told, and nothing is left half written', async () => {
  const { env, path } = await withHead();
  await house.file(`${env}.yml.revision`, 'nonsense\n');

  const answer = await config('put', path, '--env', env, '--reason', 'x');

  expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(`${path}.revision:1:1: `) });
  await expect(stat(`${path}.part`)).rejects.toThrow();
});
