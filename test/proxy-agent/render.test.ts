import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DesiredServer } from '../../contracts/proxy.ts';
import { check } from '../../proxy-agent/config-file.ts';
import { readManaged, renderConfig } from '../../proxy-agent/render.ts';

const base = `global
    maxconn 100

defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s

frontend web
    bind 127.0.0.1:8080
    default_backend shop

frontend tcp
    mode tcp
    bind 127.0.0.1:8081
    default_backend other

backend shop
    balance roundrobin
    server old 127.0.0.1:9 check
    server sorry 127.0.0.1:10 backup

# About the other one.
backend other
    mode tcp
    server a 127.0.0.1:11
`;

function servers(count: number): DesiredServer[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `v1-${index}`,
    version: 'v1',
    address: `127.0.0.1:${1000 + index}`,
    weight: index % 257,
    healthPath: '/',
  }));
}

function managed(count: number) {
  return { backend: 'shop', token: 3, stable: 'v1', canary: null, servers: servers(count) };
}

describe('the written configuration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-render-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function fault(text: string): Promise<string | null> {
    const path = join(folder, 'haproxy.cfg');
    writeFileSync(path, text);
    return check('haproxy', path);
  }

  /** What HAProxy says to it, and everything but an empty text is too much. */
  async function warnings(text: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const path = join(folder, 'haproxy.cfg');
    writeFileSync(path, text);
    const { stdout, stderr } = await promisify(execFile)('haproxy', ['-c', '-dW', '-f', path], {
      env: { ...process.env, ...env },
    });
    return `${stdout}${stderr}`.replace(/^Configuration file is valid\s*$/m, '');
  }

  test('has the managed servers instead of the operator’s own, but for backups, and leaves the rest as it is', async () => {
    const { text, missing } = renderConfig(base, [managed(2)], 9000);

    expect(missing).toEqual([]);
    expect(text).toContain('server v1-1 127.0.0.1:1001 weight 1 check inter 500ms');
    expect(text).toMatch(/^\s*# holdfast manages this backend: server old/m);
    expect(text).toMatch(/^ {4}server sorry 127\.0\.0\.1:10 backup$/m);
    expect(text).toMatch(/^ {4}server a 127\.0\.0\.1:11$/m);
    expect(await fault(text)).toBeNull();
  });

  test.each([0, 1, 150, 2000])('with %i servers is valid', async (count) => {
    expect(await fault(renderConfig(base, [managed(count)], 9000).text)).toBeNull();
  });

  test('with a node sets its address and the runtime socket before the base, unless the base names that socket', async () => {
    const node = { socket: join(folder, 'admin.sock'), address: '127.0.0.2' };
    const own = base.replace('127.0.0.1:8080', '"${HOLDFAST_NODE_ADDRESS}:8080"');
    const { text } = renderConfig(own, [managed(1)], 9000, null, node);
    const named = own.replace('maxconn 100', `stats socket unix@${node.socket} level admin`);

    expect(text).toContain('    setenv HOLDFAST_NODE_ADDRESS 127.0.0.2\n');
    expect(text.split('stats socket')).toHaveLength(2);
    expect(renderConfig(named, [], 9000, null, node).text.split('stats socket')).toHaveLength(2);
    expect(renderConfig(text, [managed(1)], 9000, null, node).text).toBe(text);
    expect(await fault(text)).toBeNull();
  });

  test('what a former agent wrote is read, and written anew', () => {
    const { text } = renderConfig(base, [managed(2)], 9000);
    const former = text.replace(/log-format-sd .*/g, `log-format-sd '[holdfast b="%b" s="%s" t="%Ta"]'`);

    expect(readManaged(former)).toEqual(readManaged(text));
    expect(renderConfig(former, [managed(2)], 9000).text).toBe(text);
  });

  test('logs requests of HTTP frontends to loopback and no others', () => {
    const { text } = renderConfig(base, [], 9000);

    expect(text.match(/log 127\.0\.0\.1:9000/g)).toHaveLength(1);
    expect(text.indexOf('log 127.0.0.1:9000')).toBeLessThan(text.indexOf('frontend tcp'));
  });

  test('keeps the host before the first rule and behind those of TCP, without a warning', async () => {
    const rules = [
      'tcp-request content accept if HTTP',
      'http-request deny if { path /no }',
      'use_backend shop if TRUE',
    ];
    const withRules = (...some: string[]): string =>
      base.replace(
        '    default_backend shop',
        [...some, 'default_backend shop'].map((rule) => `    ${rule}`).join('\n'),
      );
    for (const some of [rules, rules.slice(0, 2), rules.slice(0, 1), rules.slice(1), rules.slice(2), []]) {
      const { text } = renderConfig(withRules(...some), [managed(1)], 9000);

      expect(await warnings(text)).toBe('');
      expect(text.split('set-var(txn.holdfast_host)')).toHaveLength(2);
      if (some.includes('http-request deny if { path /no }'))
        expect(text.indexOf('holdfast_host) req')).toBeLessThan(text.indexOf('http-request deny'));
    }
  });

  test.each([
    [
      'a frontend without rules that is there on a condition',
      '.if defined(ADMIN)',
      'frontend admin\n    bind 127.0.0.1:8404\n    default_backend shop',
      '.endif',
    ],
    [
      'one behind a list of users',
      'userlist people',
      'user ann insecure-password x',
      '.if defined(ADMIN)',
      'frontend admin\n    bind 127.0.0.1:8404\n    default_backend shop',
      '.endif',
    ],
    [
      'rules on a condition',
      'frontend more',
      '    bind 127.0.0.1:8404',
      '    .if defined(MAINT)',
      '    http-request return status 503',
      '    .endif',
      '    default_backend shop',
    ],
    [
      'rules of TCP on a condition',
      'frontend more',
      '    bind 127.0.0.1:8404',
      '    .if !defined(MAINT)',
      '    tcp-request content accept if HTTP',
      '    http-request deny if { path /no }',
      '    .endif',
      '    default_backend shop',
    ],
    [
      'branches',
      '.if defined(ADMIN)',
      'frontend a\n    bind 127.0.0.1:8404\n    default_backend shop',
      '.else',
      'frontend a\n    bind 127.0.0.1:8405\n    default_backend shop',
      '.endif',
    ],
    [
      'branches of a managed backend',
      '.if defined(ADMIN)',
      'backend more\n    server a 127.0.0.1:9',
      '.else',
      'backend more\n    server b 127.0.0.1:9',
      '.endif',
    ],
    [
      'one rule of TCP on a condition',
      'frontend more',
      '    bind 127.0.0.1:8404',
      '    .if !defined(MAINT)',
      '    tcp-request content accept if HTTP',
      '    .endif',
      '    use_backend shop if TRUE',
    ],
  ])('puts nothing behind the end of a condition: %s', async (_, ...lines) => {
    const own = base.replace('frontend web\n', `${lines.join('\n')}\n\nfrontend web\n`);
    const both = [managed(1), { ...managed(1), backend: 'more' }];
    const { text } = renderConfig(own, both, 9000);

    for (const env of [{}, { ADMIN: '1', MAINT: '1' }]) {
      expect(await warnings(own, env)).toBe('');
      expect(await warnings(text, env)).toBe('');
    }
    expect(renderConfig(text, both, 9000).text).toBe(text);
  });

  test('takes no room from variables that the operator has limited', () => {
    const limited = base.replace('maxconn 100', 'tune.vars.txn-max-size 128');

    expect(renderConfig(limited, [], 9000).text).not.toContain('holdfast_host) req');
    expect(renderConfig(limited, [], 9000).text).toContain('log-format-sd');
  });

  test('leaves the log format of the operator alone', () => {
    const own = base.replace('    mode http\n', '    mode http\n    log-format "%ci %ST"\n');

    const { text } = renderConfig(own, [], 9000);

    expect(text).toContain('log-format "%ci %ST"');
    expect(text).not.toContain('option httplog');
    expect(text).toContain('log-format-sd');
  });

  test('written again from its own text is the same', () => {
    const once = renderConfig(base, [managed(2)], 9000).text;

    expect(renderConfig(once, [managed(2)], 9000).text).toBe(once);
  });

  test('tells on a socket of its own which hash it serves, and written again is the same', async () => {
    const proof = { socket: join(folder, 'proof.sock'), hash: 'abc', sequence: 1 };
    const { text } = renderConfig(base, [managed(2)], 9000, proof);

    expect(text).toContain('status 200 content-type text/plain string "abc"');
    expect(await fault(text)).toBeNull();
    expect(renderConfig(text, [managed(2)], 9000, proof).text).toBe(text);
    expect(renderConfig(text, [managed(2)], 9000).text).toBe(renderConfig(base, [managed(2)], 9000).text);
  });

  test('names backends that the base lacks', () => {
    expect(renderConfig(base, [{ ...managed(1), backend: 'nowhere' }], 9000).missing).toEqual(['nowhere']);
  });

  test('says of itself what it manages', () => {
    const { text } = renderConfig(base, [{ ...managed(2), canary: 'v2' }], 9000);

    expect(readManaged(text)).toEqual([{ backend: 'shop', token: 3, stable: 'v1', canary: 'v2' }]);
  });

  test('a fault is named with its line', async () => {
    expect(await fault(base.replace('maxconn 100', 'bananas 3'))).toMatch(/haproxy\.cfg:2.*bananas/);
  });
});
