import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleRequests } from '../../proxy-agent/windows/request-sample.ts';
import type { LoggedRequest, RequestEnd } from '../../proxy-agent/windows/logged-request.ts';

function asked(backend: string, told: Partial<RequestEnd> = {}): LoggedRequest {
  const end = {
    frontend: 'web',
    port: 80,
    status: 200,
    termination: '--',
    method: 'GET',
    host: 'shop',
    path: '/',
  };
  return { backend, server: 's', ms: 1, sequence: 1, end: { ...end, ...told } };
}

test('one of each frontend and backend is told, however often the others are asked', () => {
  const sample = sampleRequests(10);
  for (let time = 0; time < 10_000; time += 1) sample.add(asked('pages', { path: `/page/${time}` }));
  sample.add(asked('cart', { path: '/cart' }));
  sample.add(asked('cart', { path: '/cart', frontend: 'api', port: 81 }));

  const told = sample.take();

  expect(told).toHaveLength(3);
  expect(told).toContainEqual({ port: 80, method: 'GET', host: 'shop', path: '/cart' });
  expect(told).toContainEqual({ port: 81, method: 'GET', host: 'shop', path: '/cart' });
});

test('each of a kind is as likely as any other', () => {
  const times = new Map<string, number>();
  for (let round = 0; round < 3000; round += 1) {
    const sample = sampleRequests(1);
    for (const path of ['/a', '/b', '/c']) sample.add(asked('pages', { path }));
    for (const { path } of sample.take()) times.set(path, (times.get(path) ?? 0) + 1);
  }

  // 1,000 of 3,000, with a standard deviation of 26.
  for (const path of ['/a', '/b', '/c']) expect(Math.abs((times.get(path) ?? 0) - 1000)).toBeLessThan(26 * 7);
});

test.each([
  ['a host that is none', { host: 'a b' }],
  ['no host', { host: null }],
  ['no port', { port: null }],
  ['a path that is none', { path: '*' }],
  ['one with a space', { path: '/a b' }],
  ['a method that is none', { method: '<BADREQ>' }],
  ['a tunnel', { method: 'CONNECT' }],
  ['a path with an address in it that is encoded', { path: '/users/eve%40example.org' }],
  ['a path that gets too long without its secrets', { path: '/1.1.1.1'.repeat(60) }],
  ['a path that may have been cut off', { path: `/${'x'.repeat(500)}` }],
])('what could not be sent again is left out: %s', (_, told) => {
  const sample = sampleRequests(10);
  sample.add(asked('pages', told));
  sample.add({ ...asked('pages'), end: null });

  expect(sample.take()).toEqual([]);
});

test('secrets in a path do not leave the host, and 0 tells nothing', () => {
  const [some, none] = [sampleRequests(1), sampleRequests(0)];
  for (const sample of [some, none]) sample.add(asked('pages', { path: '/users/eve@example.org' }));

  expect(some.take()).toMatchObject([{ path: '/users/[email]' }]);
  expect(none.take()).toEqual([]);
});

test('a flood of backends is held to its bound, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 3000 }), fc.nat(20), (backends, most) => {
      const sample = sampleRequests(most);
      for (const backend of backends) sample.add(asked(`b${backend}`, { path: `/${backend}` }));

      expect(sample.take()).toHaveLength(Math.min(most, 200, new Set(backends).size));
    }),
  );
});
