import { expect, test } from 'vitest';
import { requestOf } from '../../../cli/config-rollout/request-line.ts';
import { spread } from '../../../cli/config-rollout/requests-file.ts';

test.each<[string, object, object]>([
  [
    'our own words',
    { port: 443, method: 'GET', host: 'a', path: '/x?y=1', headers: { b: 'c' } },
    { port: 443, method: 'GET', host: 'a', path: '/x?y=1', headers: { b: 'c' } },
  ],
  [
    'an access log of nginx',
    { request_method: 'PUT', http_host: 'a', request_uri: '/x?y=1', uri: '/x', server_port: '8080' },
    { port: 8080, method: 'PUT', host: 'a', path: '/x?y=1' },
  ],
  ['a whole URL', { url: 'https://a/x?y=1' }, { port: 443, method: 'GET', host: 'a', path: '/x?y=1' }],
  ['a URL with a port', { url: 'http://a:81/' }, { port: 81, method: 'GET', host: 'a', path: '/' }],
  [
    'a host with a port',
    { method: 'get', host: 'a:8443', path: '/' },
    { port: 8443, method: 'GET', host: 'a:8443', path: '/' },
  ],
  ['what it lacks', { path: '/' }, { port: 80, method: 'GET', host: 'fallback', path: '/' }],
])('%s is a request', (_what, line, request) => {
  expect(requestOf(JSON.stringify(line), { port: 80, host: 'fallback' })).toEqual(request);
});

test.each([
  ['GET /', 'is no JSON object'],
  ['[]', 'is no JSON object'],
  ['{"port":1,"host":"a"}', 'names no path'],
  ['{"path":"/","host":"a"}', 'names no port'],
  ['{"path":"/","host":"a","port":"x"}', 'names no port'],
  ['{"path":"/","port":1}', 'names no host'],
])('%j is none', (line, why) => {
  expect(requestOf(line, {})).toContain(why);
});

test('every part of a long file gives its share', () => {
  const samples = Array.from({ length: 10 }, (_unused, line) => ({
    line,
    request: { port: 80, method: 'GET', host: 'a', path: '/' },
  }));

  expect(spread(samples, 5).map(({ line }) => line)).toEqual([0, 2, 4, 6, 8]);
  expect(spread(samples, 20)).toEqual(samples);
});
