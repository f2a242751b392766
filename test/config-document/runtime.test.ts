import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Backend, Balance, Server } from '../../contracts/config-document/backend.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { reloadClass, type ReloadClass } from '../../domain/config-document/reload-class.ts';
import { nodePlaces } from '../../domain/config-document/render/places.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { socketAt } from '../../proxy-agent/socket.ts';
import { until } from '../support/haproxy.ts';
import { shop } from './documents.ts';

const algorithms = ['roundrobin', 'leastconn', 'random', 'first', 'static-rr', 'source'] as const;
const servers: Server[] = [
  { name: 'one', address: '127.0.0.1:9', weight: 10 },
  { name: 'two', address: '127.0.0.1:9', weight: 10 },
];

function withServers(balance: Balance, list: readonly Server[]): ConfigDocument {
  const backends = algorithms.map((name): Backend => ({
    name,
    balance: name,
    servers: name === balance ? [...list] : servers,
  }));
  return {
    ...shop,
    frontends: [{ name: 'web', binds: [{ port: 1 }], limits: { connections: 10 }, defaultBackend: 'first' }],
    backends,
  };
}

test('what is said to go at run time does, on the real socket; what it refuses is said to need a reload', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-runtime-'));
  const socket = join(folder, 'admin.sock');
  const before = withServers('first', servers);
  const shadow = { bindAt: () => join(folder, 'web.sock'), watched: [] };
  const places = { ...nodePlaces, runtimeSocket: socket, shadow };
  await writeFile(join(folder, 'haproxy.cfg'), renderConfigDocument(before, places).text);
  const child = spawn('haproxy', ['-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  const ask = socketAt(socket);
  const says = async (command: string): Promise<string> => (await ask(command)).trim();
  const classOf = (balance: Balance, list: readonly Server[]): ReloadClass =>
    reloadClass(before, withServers(balance, list)).class;
  try {
    await until('HAProxy answers', () =>
      says('show info').then(
        (text) => text.includes('Pid:'),
        () => false,
      ),
    );
    for (const balance of algorithms) {
      const [one, two] = servers as [Server, Server];
      const added = await says(`add server ${balance}/three 127.0.0.1:9 weight 3`);
      const weighed = await says(`set server ${balance}/two weight 3`);
      const moved = await says(`set server ${balance}/two addr 127.0.0.2 port 10`);
      await says(`set server ${balance}/one state maint`);
      const removed = await says(`del server ${balance}/one`);
      const three = { name: 'three', address: '127.0.0.1:9', weight: 3 };

      expect([balance, /registered/.test(added)]).toEqual([
        balance,
        classOf(balance, [one, two, three]) === 'runtime',
      ]);
      expect([balance, weighed === '']).toEqual([
        balance,
        classOf(balance, [one, { ...two, weight: 3 }]) === 'runtime',
      ]);
      expect(/changed from/.test(moved)).toBe(
        classOf(balance, [one, { ...two, address: '127.0.0.2:10' }]) === 'runtime',
      );
      expect(await says(`show servers state ${balance}`)).toMatch(/ two 127\.0\.0\.2 /);
      // Removing from a static algorithm is refused by no word of the guide: there we stay with the reload.
      if (classOf(balance, [two]) === 'runtime')
        expect([balance, removed]).toEqual([balance, 'Server deleted.']);
    }
    expect(await says('set maxconn frontend web 20')).toBe('');
    expect(
      reloadClass(before, {
        ...before,
        frontends: before.frontends.map((each) => ({ ...each, limits: { connections: 20 } })),
      }).class,
    ).toBe('runtime');
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
});
