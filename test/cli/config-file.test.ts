import { expect, test } from 'vitest';
import { Check } from 'typebox/value';
import { configFileOf, locateProblem } from '../../cli/config-file.ts';
import { parseYaml } from '../../cli/yaml-source.ts';
import { ConfigDocument } from '../../contracts/config-document.ts';
import { configProblems } from '../../domain/config-document/policy.ts';

const text = `schemaVersion: 1
defaults:
  timeouts: { connect: 2s, client: 30s, server: 30s, httpRequest: 10s }
frontends:
  - name: web
    binds: [{ port: 8080 }]
    routes:
      - name: cart
        match:
          prefixes: [/cart]
        backend: carts
    defaultBackend: pages
backends:
  - name: pages
    servers:
      - name: p1
        address: 10.0.0.1:80
        weight: 0
`;

test('a file is the document itself, and its problems stand at line and column', () => {
  const file = configFileOf(parseYaml('config/proxy.yml', text));

  expect(Check(ConfigDocument, file.document)).toBe(true);
  expect(configProblems(file.document).map((each) => locateProblem(file, each))).toEqual([
    'config/proxy.yml:11:18: frontends.0.routes.0.backend is carts, which is no backend of this document; add it, or write one of pages',
    'config/proxy.yml:16:7: backends.0.servers of pages has only servers of weight 0, so nobody answers; give one of them a weight',
  ]);
});

test('what is missing is told where it would stand', () => {
  const file = configFileOf(parseYaml('p.yml', text.replace(', httpRequest: 10s', '')));
  const problem = { pointer: '/defaults/timeouts/httpRequest', detail: 'is missing' };

  expect(locateProblem(file, problem)).toBe('p.yml:3:13: defaults.timeouts.httpRequest is missing');
  expect(locateProblem(file, { pointer: '', detail: 'x' })).toBe('p.yml:1:1: the document x');
});

test('a name that is not known is told at the name', () => {
  const file = configFileOf(parseYaml('p.yml', text.replace('weight: 0', 'wait: 0')));
  const problem = { pointer: '/backends/0/servers/0/wait', detail: 'is not known' };

  expect(locateProblem(file, problem)).toBe('p.yml:18:9: backends.0.servers.0.wait is not known');
});

test.each([
  ['a: [1', /p\.yml:\d+:\d+: /],
  ['- a', /p\.yml:1:1/],
])('%j is no document', (broken, message) => {
  expect(() => configFileOf(parseYaml('p.yml', broken))).toThrow(message);
});
