import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Backend } from '../../contracts/config-document/backend.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { tlsReferences } from '../../domain/config-document/tls-references.ts';
import type { ConfigFinding } from '../../providers/config-check/config-check.ts';
import { findingsOf } from '../../providers/config-check/findings.ts';
import { createHaproxyCheck } from '../../providers/config-check/haproxy.ts';
import { stubCertificate } from '../../providers/config-check/stub-certificate.ts';
import { shop } from '../config-document/documents.ts';

const [cart, pages] = shop.backends as [Backend, Backend];
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-scratch-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const signal = new AbortController().signal;

function check(document: ConfigDocument, haproxy = 'haproxy', abort = signal): Promise<ConfigFinding[]> {
  const references = tlsReferences(document);
  const config = { render: renderConfigDocument.bind(null, document), references };
  return createHaproxyCheck({ haproxy, scratch }).check(config, abort);
}

describe('what HAProxy says', () => {
  test('names the part of the document', async () => {
    // Past the policy on purpose: a port that is none.
    const servers = [{ name: 'c1', address: '10.0.0.1:99999' }];
    const [finding] = await check({ ...shop, backends: [{ ...cart, servers }, pages] });

    expect(finding).toMatchObject({ severity: 'alert', pointer: '/backends/0/servers/0' });
    expect(finding?.detail).toMatch(/port/i);
    expect(finding?.detail).not.toContain(tmpdir());
  });

  test('counts when it is only a warning', async () => {
    const found = await check({ ...shop, defaults: {} });

    expect(found.map(({ severity }) => severity)).toContain('warning');
    expect(found.map(({ detail }) => detail).join()).toMatch(/missing timeouts/i);
  });

  test('is a finding even without a message', async () => {
    expect(await check({ ...shop, frontends: [] })).toMatchObject([{ pointer: '', severity: 'alert' }]);
  });

  test('leads to the pointer of its line', () => {
    const output = [
      '[NOTICE]   (12) : haproxy version is 2.6.12',
      "[ALERT]    (12) : config : parsing [/x/haproxy.cfg:2] : unknown keyword 'a'; did you mean 'acl' maybe ?",
      "[WARNING]  (12) : config : [/x/haproxy.cfg:9] : 'server b/s' : could not resolve address 'q'.",
      "[WARNING]  (12) : config : proxy 'b' has no server",
      '[ALERT]    (12) : config : Error(s) found in configuration file : /x/haproxy.cfg',
    ].join('\n');

    expect(findingsOf(output, '/x/haproxy.cfg', ['', '/a'])).toEqual([
      { severity: 'alert', pointer: '/a', detail: "unknown keyword 'a'; did you mean 'acl' maybe ?" },
      { severity: 'warning', pointer: '', detail: "'server b/s' : could not resolve address 'q'." },
      { severity: 'warning', pointer: '', detail: "proxy 'b' has no server" },
    ]);
  });
});

test('stubs stand for certificates and authorities, and names of servers are not looked up', async () => {
  const tls = { certificates: ['shop', 'old-shop'], clientAuthority: 'staff' };
  const servers = [
    {
      name: 'c1',
      address: 'cart.nowhere.invalid:443',
      tls: { authority: 'inside', serverName: 'cart.example.org' },
    },
  ];
  const [web] = shop.frontends as [ConfigDocument['frontends'][number]];

  expect(
    await check({
      ...shop,
      frontends: [{ ...web, binds: [{ port: 443, tls }] }],
      backends: [{ ...cart, servers }, pages],
    }),
  ).toEqual([]);
});

test('a stub is a certificate signed with its own key', () => {
  const certificate = new X509Certificate(stubCertificate());

  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.validToDate.getUTCFullYear()).toBe(2049);
});

test('a haproxy that is not there is said to be unavailable', async () => {
  await expect(check(shop, '/nowhere/haproxy')).rejects.toMatchObject({ code: 'unavailable' });
});

test('a check that is called off ends', async () => {
  await expect(check(shop, 'haproxy', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

test('leaves no folder behind', async () => {
  await check(shop);

  expect(readdirSync(scratch)).toEqual([]);
});
