import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds } from '../../../domain/redaction/kinds.ts';
import { redact } from '../../../domain/redaction/redact.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** Made here and real nowhere; put together, so that no scanner takes this file for a leak. */
const some = (length: number, from = letters): string =>
  Array.from({ length }, (_, index) => from[(index * 7 + length) % from.length]).join('');
const hex = (length: number): string => some(length, '0123456789abcdef');

const seeded: readonly (readonly [kind: string, secret: string, around?: (secret: string) => string])[] = [
  ['private-key', `-----BEGIN RSA PRIVATE KEY-----\n${some(64)}\n${some(64)}\n-----END RSA PRIVATE KEY-----`],
  ['private-key', `-----BEGIN PRIVATE KEY-----\n${some(64)} cut off`],
  ['jwt', `eyJ${some(20)}.eyJ${some(40)}.${some(43)}`],
  ['aws-access-key', `AKIA${some(16, 'ABCDEFGHIJ0123456789')}`],
  ['github-token', `ghp_${some(36)}`],
  ['github-token', `github_pat_${some(60)}`],
  ['gitlab-token', `glpat-${some(20)}`],
  ['slack-token', `xoxb-${some(12, '0123456789')}-${some(24)}`],
  ['slack-webhook', `https://hooks.slack.com/services/T${some(8)}/B${some(8)}/${some(24)}`],
  ['discord-webhook', `https://discord.com/api/webhooks/${some(18, '0123456789')}/${some(60)}`],
  ['stripe-key', `sk_live_${some(24)}`],
  ['anthropic-key', `sk-ant-api03-${some(40)}`],
  ['openai-key', `sk-proj-${some(48)}`],
  ['google-api-key', `AIza${some(35)}`],
  ['google-oauth-token', `ya29.${some(60)}`],
  ['npm-token', `npm_${some(36)}`],
  ['pypi-token', `pypi-${some(80)}`],
  ['sendgrid-key', `SG.${some(22)}.${some(43)}`],
  ['twilio-key', `SK${hex(32)}`],
  ['mailgun-key', `key-${hex(32)}`],
  ['digitalocean-token', `dop_v1_${hex(64)}`],
  ['vault-token', `hvs.${some(24)}`],
  ['databricks-token', `dapi${hex(32)}`],
  ['telegram-token', `${some(9, '123456789')}:AA${some(33)}`],
  ['holdfast-key', `hf_${hex(12)}_${some(43)}`],
  ['azure-account-key', `${some(86)}==`, (secret) => `AccountName=x;AccountKey=${secret};Suffix=y`],
  ['password-in-url', some(12), (secret) => `postgres://ann:${secret}@db.example.org/shop`],
  ['authorization', some(30), (secret) => `authorization: Bearer ${secret}`],
  ['cookie', `session=${some(20)}; theme=dark`, (secret) => `Cookie: ${secret}`],
  ['named-secret', some(9), (secret) => `login with password=${secret} failed`],
  ['named-secret', some(9), (secret) => `{"client_secret": "${secret}"}`],
  ['named-secret', some(9), (secret) => `export DB_API_KEY='${secret}'`],
  ['email', 'ann.o-neil+tag@mail.example.co.uk'],
  ['email', 'jürgen@müller.example'],
  ['iban', 'DE89 3704 0044 0532 0130 00'],
  ['iban', 'GB82WEST12345698765432'],
  ['card-number', '4111 1111 1111 1111'],
  ['card-number', '5555-5555-5555-4444'],
  ['us-social-security-number', '536-90-4399'],
  ['phone-number', '+49 30 901820'],
  ['phone-number', '+1 (415) 555-0132'],
  ['phone-number', '(415) 555-0132'],
  ['mac-address', '5c:50:15:4c:18:13'],
  ['ip-address', '203.0.113.7'],
  ['ip-address', '2001:db8:85a3:0:0:8a2e:370:7334'],
  ['ip-address', '2001:db8::8a2e:370:7334'],
  ['coordinates', '52.520008, 13.404954'],
];

describe('seeded secrets and personal data', () => {
  test.each(seeded.map(([kind, secret, around]) => ({ kind, secret, around })))(
    '$kind is removed',
    ({ kind, secret, around = (it) => `It said ${it}, then it broke.` }) => {
      const { text, found } = redact(around(secret));

      expect(text).not.toContain(secret);
      expect(text).toContain(`[${kind}]`);
      expect(found).toEqual({ [kind]: 1 });
    },
  );

  test('every kind has a seed, and there are more than thirty', () => {
    expect(new Set(seeded.map(([kind]) => kind))).toEqual(new Set(kinds.map(({ kind }) => kind)));
    expect(kinds.length).toBeGreaterThan(30);
  });

  test('many in one text, in any order, all go', () => {
    const all = seeded.map(([, secret, around = (it: string) => it]) => ({ secret, said: around(secret) }));
    // What runs to the end of its line would take its neighbours along and hide that they were missed.
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 2, maxLength: 6 }), (some_) => {
        const { text } = redact(some_.map(({ said }) => said).join('\n\n'));
        for (const { secret } of some_) expect(text).not.toContain(secret);
      }),
    );
  });
});

test.each([
  'Version 1.2.3.4567 of 2024-05-06 12:30:00 took 17.5 ms',
  'order 1234567890123 and build 4111111111111112 are no cards',
  'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'trace 0b9d0f4e-11aa-4c5e-9d0a-77d1f2a3b4c5 at org.example.Shop$Cart.add(Shop.java:42)',
  'The password field is empty: show a hint. Reset your password at any time.',
  'the key of the map is a secret santa; a token of love',
  'std::vector<int>::push_back, a::b, 10:20:30',
  'retry 3 of 5, 200 OK, 12345-678, 2024-05-06',
  'email me @ann or see example.org/@bob',
])('is left alone: %s', (text) => {
  expect(redact(text)).toEqual({ text, found: {} });
});

test('doing it twice changes nothing', () => {
  const seeds = fc.constantFrom(...seeded.map(([, secret, around = (it: string) => it]) => around(secret)));
  const text = fc
    .array(fc.oneof(seeds, fc.string({ maxLength: 30 })), { maxLength: 6 })
    .map((parts) => parts.join(' '));
  fc.assert(
    fc.property(text, (before) => {
      const once = redact(before).text;
      expect(redact(once)).toEqual({ text: once, found: {} });
    }),
  );
});

test.each([
  'a'.repeat(100_000),
  '1'.repeat(100_000),
  'a@'.repeat(50_000),
  'a.'.repeat(50_000),
  '1:'.repeat(50_000),
  '-----BEGIN PRIVATE KEY-----'.repeat(2000),
  'secret='.repeat(10_000),
  '+1 '.repeat(30_000),
])('a text of no end comes to an end', (text) => {
  expect(typeof redact(text).text).toBe('string');
});
