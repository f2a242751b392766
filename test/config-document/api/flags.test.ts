import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Flag, FlagDocument } from '../../../contracts/flag-document.ts';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { auditOf } from '../../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest({ temporal: 'dead' });
}, 180_000);
afterAll(() => api.close());

const variants = [
  { name: 'on', value: true },
  { name: 'off', value: false },
];
const banner: Flag = { key: 'banner', enabled: true, variants, defaultVariant: 'off' };
const flags: FlagDocument = {
  schemaVersion: 1,
  flags: [
    {
      ...banner,
      rules: [{ when: [{ attribute: 'country', test: 'is', values: ['de'] }], variant: 'on' }],
    },
    {
      key: 'limit',
      enabled: true,
      variants: [
        { name: 'low', value: 10 },
        { name: 'high', value: 2.5 },
      ],
      defaultVariant: 'low',
      rules: [{ when: [], split: { shares: [{ variant: 'high', percent: 50 }] } }],
    },
    { ...banner, key: 'text', variants: [{ name: 'off', value: '12' }] },
  ],
};

const put = (environment: string, document: object, headers: Record<string, string> = {}) =>
  api.call('PUT', `environments/${environment}/flags`, document, headers);
const evaluateAll = (environment: string, context: object, headers: Record<string, string> = {}) =>
  api.call('POST', `environments/${environment}/ofrep/v1/evaluate/flags`, { context }, headers);
const evaluateOne = (environment: string, key: string, context?: object) =>
  api.call('POST', `environments/${environment}/ofrep/v1/evaluate/flags/${key}`, context && { context });

test('flags are put and shown with their ETag', async () => {
  expect((await api.call('GET', 'environments/one/flags')).status).toBe(404);
  const first = await put('one', flags);
  const shown = await api.call('GET', 'environments/one/flags');

  expect(first.status).toBe(200);
  expect(shown.body).toEqual(flags);
  expect(shown.headers['etag']).toBe(first.headers['etag']);
  expect(shown.headers['etag']).toMatch(/^"[0-9a-f]{64}"$/);
  expect(await auditOf(api.db, { subject: 'one' })).toMatchObject([
    { action: 'flags.put', principal: 'ada' },
  ]);
  expect((await api.call('GET', 'environments/one')).body).toMatchObject({ head: null });
});

test('an edit made on older flags is refused, of two at once exactly one', async () => {
  const { headers } = await put('edits', flags);
  const more = (key: string): FlagDocument => ({ ...flags, flags: [...flags.flags, { ...banner, key }] });
  const match = { 'if-match': String(headers['etag']) };
  const both = await Promise.all([put('edits', more('a'), match), put('edits', more('b'), match)]);

  expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect((await put('edits', more('c'))).body).toMatchObject({
    status: 400,
    errors: [{ pointer: 'headers/if-match' }],
  });
  expect((await put('edits', more('c'), { 'if-none-match': '*' })).status).toBe(412);
});

test.each<[string, unknown, string]>([
  ['no version', { flags: [] }, '/schemaVersion'],
  ['another version', { schemaVersion: 2, flags: [] }, '/schemaVersion'],
  ['an unknown member', { schemaVersion: 1, flags: [], more: 1 }, '/more'],
  ['a key that is none', { schemaVersion: 1, flags: [{ ...banner, key: 'a b' }] }, '/flags/0/key'],
  ['no variants', { schemaVersion: 1, flags: [{ ...banner, variants: [] }] }, '/flags/0/variants'],
  ['enabled as text', { schemaVersion: 1, flags: [{ ...banner, enabled: 'yes' }] }, '/flags/0/enabled'],
  ['a key twice', { schemaVersion: 1, flags: [banner, banner] }, '/flags/1/key'],
  [
    'an unknown default',
    { schemaVersion: 1, flags: [{ ...banner, defaultVariant: 'x' }] },
    '/flags/0/defaultVariant',
  ],
])('%s is refused with a pointer', async (_name, document, pointer) => {
  const { body } = await put('bad', document as object);

  expect(body).toMatchObject({ status: 400, code: 'invalid-input' });
  expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
});

test('a flag is evaluated for who asks, in the shape of the protocol', async () => {
  await put('single', flags);

  expect((await evaluateOne('single', 'banner', { country: 'de' })).body).toEqual({
    key: 'banner',
    value: true,
    variant: 'on',
    reason: 'TARGETING_MATCH',
  });
  expect((await evaluateOne('single', 'banner', { country: 'fr' })).body).toMatchObject({ value: false });
  expect((await evaluateOne('single', 'text', {})).body).toMatchObject({ value: '12' });
  expect(await evaluateOne('single', 'limit', {})).toMatchObject({
    status: 400,
    body: { key: 'limit', errorCode: 'TARGETING_KEY_MISSING' },
  });
  expect(await evaluateOne('single', 'nothing', {})).toMatchObject({
    status: 404,
    body: { key: 'nothing', errorCode: 'FLAG_NOT_FOUND' },
  });
  expect((await evaluateOne('nowhere', 'banner', {})).body).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
  expect((await evaluateOne('single', 'banner')).body).toMatchObject({ status: 400, code: 'invalid-input' });
});

test('all flags at once, with an ETag that holds while the answers do', async () => {
  await put('bulk', flags);
  const ann = { targetingKey: 'ann' };
  const first = await evaluateAll('bulk', ann);
  const again = await evaluateAll('bulk', ann, { 'if-none-match': String(first.headers['etag']) });
  const other = await evaluateAll(
    'bulk',
    { ...ann, country: 'de' },
    {
      'if-none-match': String(first.headers['etag']),
    },
  );

  expect(first.body.flags.map(({ key }: { key: string }) => key)).toEqual(['banner', 'limit', 'text']);
  expect([10, 2.5]).toContain(first.body.flags[1].value);
  expect(first.body.flags[1].value).toBe((await evaluateOne('bulk', 'limit', ann)).body.value);
  expect(again).toMatchObject({ status: 304, body: '' });
  expect(other.status).toBe(200);
  expect((await evaluateAll('bulk', {})).body.flags[1]).toMatchObject({ errorCode: 'TARGETING_KEY_MISSING' });
  expect((await evaluateAll('nowhere', ann)).body).toEqual({ flags: [] });
});

test('a share stays with whom it took when it grows', async () => {
  const share = (percent: number): FlagDocument => ({
    schemaVersion: 1,
    flags: [{ ...banner, rules: [{ when: [], split: { shares: [{ variant: 'on', percent }] } }] }],
  });
  const takenOf = async (): Promise<string[]> => {
    const people = Array.from({ length: 40 }, (_, index) => `person-${index}`);
    const answers = await Promise.all(
      people.map((targetingKey) => evaluateOne('shares', 'banner', { targetingKey })),
    );
    return people.filter((_, index) => answers[index]?.body.value === true);
  };
  const { headers } = await put('shares', share(30));
  const few = await takenOf();
  await put('shares', share(60), { 'if-match': String(headers['etag']) });
  const many = await takenOf();

  expect(few.length).toBeGreaterThan(3);
  expect(many.length).toBeGreaterThan(few.length);
  expect(many).toEqual(expect.arrayContaining(few));
});
