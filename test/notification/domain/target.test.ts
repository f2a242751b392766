import { expect, test } from 'vitest';
import type { ChannelKind } from '../../../contracts/notification.ts';
import { channelFaults } from '../../../domain/notification/target.ts';

const faults = (kind: ChannelKind, target: string, more: { secret?: string | null; sender?: string } = {}) =>
  channelFaults({
    kind,
    target,
    secret: more.secret === undefined ? 'env:X' : more.secret,
    sender: more.sender ?? null,
  }).map(({ pointer }) => pointer);

test.each<[ChannelKind, string]>([
  ['webhook', 'https://example.org/hooks?x=1'],
  ['webhook', 'http://127.0.0.1:9000/'],
  ['webhook', 'http://localhost/'],
  ['webhook', 'http://[::1]:1/'],
  ['slack', '#deploys'],
  ['slack', 'C0123456789'],
  ['email', 'ann@example.org'],
  ['email', 'ann@example.org, bob+ops@sub.example.org'],
])('%s %s is fine', (kind, target) => {
  expect(faults(kind, target)).toEqual([]);
});

test.each<[ChannelKind, string]>([
  ['webhook', 'http://example.org/'],
  ['webhook', 'http://127.0.0.1.example.org/'],
  ['webhook', 'https://user@example.org/'],
  ['webhook', 'ftp://example.org/'],
  ['webhook', 'https://exa mple.org/'],
  ['webhook', 'example.org'],
  ['slack', 'deploys'],
  ['slack', '#dep loys'],
  ['slack', '<!channel>'],
  ['email', 'ann'],
  ['email', 'ann@example.org,'],
  ['email', 'ann@example.org\r\nBcc: eve@example.org'],
  ['email', '"Ann" <ann@example.org>'],
])('%s %j is not', (kind, target) => {
  expect(faults(kind, target)).toEqual(['/target']);
});

test('a secret is needed, and a sender is for email', () => {
  expect(faults('webhook', 'https://example.org', { secret: null })).toEqual(['/secret']);
  expect(faults('slack', '#x', { sender: 'a@example.org' })).toEqual(['/sender']);
  expect(faults('email', 'a@example.org', { sender: 'no address' })).toEqual(['/sender']);
  expect(faults('email', 'a@example.org', { sender: 'b@example.org' })).toEqual([]);
});
