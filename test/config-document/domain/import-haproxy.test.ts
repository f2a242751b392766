import fc from 'fast-check';
import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { ConfigDocument } from '../../../contracts/config-document.ts';
import { configProblems } from '../../../domain/config-document/policy.ts';
import { type Import, importHaproxy } from '../../../domain/config-document/import-haproxy.ts';

const sample = `# a file as people have them
global
    log /dev/log local0
    maxconn 4000
    hard-stop-after 2m

defaults
    mode http
    option httplog
    timeout connect 5s
    timeout client 50000
    timeout server 30s
    timeout http-request 10s

frontend web
    bind *:80
    bind :443 ssl crt /etc/ssl/shop.pem alpn h2,http/1.1
    acl is_api path_beg /api/
    acl is_api path_beg /rpc/   # both of them
    acl is_admin hdr(host) -i admin.example.org
    acl unused src 10.0.0.0/8
    acl is_get method GET HEAD
    http-request redirect scheme https unless { ssl_fc }
    http-request set-header X-Note "100%% sure"
    http-request deny if { src 10.0.0.0/8 }
    use_backend admin if is_admin is_api
    use_backend api if is_api
    use_backend api if { path /ping } is_get
    use_backend beta if { hdr(x-beta) yes }
    redirect location /50%off code 301 if { path /sale }
    default_backend pages

backend admin
    server a1 10.0.0.1:80 check inter 1s weight 5
    timeout server 1m
    option httpchk GET /health
    http-check expect status 200
    cookie SRV insert
backend api
    balance leastconn
    server s1 "10.0.0.2:80" check
    server s2 10.0.0.3:80 backup disabled maxconn 9
    server s3 "\${HOST}:80"
backend beta
    server b1 10.0.0.4:80 cookie b1
backend pages
    server p1 pages.internal:8080
listen stats
    bind :9000
    stats enable
`;

function noteOf({ notes }: Import, text: string) {
  return notes.find((note) => note.text.includes(text));
}

test('takes over what a document can say', () => {
  const { document } = importHaproxy(sample);

  expect(Check(ConfigDocument, document)).toBe(true);
  expect(document.defaults).toEqual({
    connections: 4000,
    hardStopAfter: '2m',
    timeouts: { connect: '5s', client: '50s', server: '30s', httpRequest: '10s' },
  });
  expect(document.frontends).toEqual([
    {
      name: 'web',
      binds: [{ port: 80 }, { port: 443, tls: { certificates: ['shop'] } }],
      requestHeaders: [{ action: 'set', name: 'X-Note', value: '100% sure' }],
      routes: [
        { name: 'redirect', redirect: { scheme: 'https', status: 302 } },
        { name: 'redirect-2', redirect: { location: '/50%off', status: 301 }, match: { paths: ['/sale'] } },
        {
          name: 'admin',
          backend: 'admin',
          match: { hosts: ['admin.example.org'], prefixes: ['/api/', '/rpc/'] },
        },
        { name: 'api', backend: 'api', match: { prefixes: ['/api/', '/rpc/'] } },
        { name: 'api-2', backend: 'api', match: { paths: ['/ping'], methods: ['GET', 'HEAD'] } },
      ],
      defaultBackend: 'pages',
    },
  ]);
  expect(document.backends.map(({ name, servers = [] }) => [name, servers.length])).toEqual([
    ['admin', 1],
    ['api', 2],
    ['beta', 0],
    ['pages', 1],
  ]);
  expect(document.backends[0]).toEqual({
    name: 'admin',
    healthCheck: { path: '/health', expectStatus: '200', interval: '1s' },
    servers: [{ name: 'a1', address: '10.0.0.1:80', weight: 5 }],
    timeouts: { server: '1m' },
  });
  expect(configProblems(document)).toMatchObject([{ pointer: '/backends/2/servers' }]);
});

test.each([
  ['log /dev/log', 'lost', /belongs to the node/],
  ['option httplog', 'lost', /no place in the defaults/],
  ['bind :443', 'changed', /keeps \/etc\/ssl\/shop\.pem under the name shop/],
  ['acl unused', 'lost', /no route that was understood/],
  ['http-request deny', 'lost', /cannot say http-request deny/],
  ['use_backend beta', 'lost', /condition hdr\(x-beta\) yes/],
  ['use_backend admin', 'changed', /without their port/],
  ['cookie SRV', 'lost', /no cookie in a backend/],
  ['option httpchk', 'changed', /HTTP\/1\.1/],
  ['server s1', 'changed', /bare connection/],
  ['${HOST}', 'lost', /environment of the machine/],
  ['server b1', 'lost', /cannot say cookie b1/],
  ['listen stats', 'lost', /instead of listen/],
  ['stats enable', 'lost', /instead of listen/],
])('%s is told', (text, kind, why) => {
  const note = noteOf(importHaproxy(sample), text);

  expect(note?.kind).toBe(kind);
  expect(note?.why).toMatch(why);
  expect(sample.split('\n')[(note?.line ?? 0) - 1]).toContain(text);
});

test.each([
  ['frontend a\n bind :1', /here it is not said/],
  ['defaults\n mode tcp\nfrontend a\n bind :1', /only mode http/],
  ['backend a\n mode tcp', /only mode http/],
  ['backend a b', /one name/],
  ['defaults x\n mode http', /without a name/],
  ['peers p\n peer a 1.2.3.4:5', /no section peers/],
  ['maxconn 5', /before the first section/],
])('%j is lost as a whole', (text, why) => {
  const { document, kept, notes } = importHaproxy(text);

  expect([document.frontends, document.backends]).toEqual([[], []]);
  expect(notes.at(-1)?.why).toMatch(why);
  expect(kept.filter((line) => line === notes.at(-1)?.line)).toEqual([]);
});

test('a prefix that took more than its own part of the path is told', () => {
  const text = 'defaults\n mode http\nfrontend a\n bind :1\n use_backend b if { path_beg /api }';

  expect(importHaproxy(text).notes).toMatchObject([
    { line: 5, kind: 'changed', why: expect.stringContaining('/apix') as string },
  ]);
});

test.each([
  'if a or b',
  'if !a',
  'unless a',
  'if a b',
  'if { path_beg -i /x }',
  'if { path -f /etc/x }',
  'if { path_reg ^/x }',
  'if { path /a',
  'if TRUE',
])('use_backend %s is not guessed at', (condition) => {
  const text = `defaults\n mode http\nfrontend f\n acl a path /a\n acl b path /b\n use_backend x ${condition}`;
  const { document, notes } = importHaproxy(text);

  expect(document.frontends[0]?.routes).toBeUndefined();
  expect(notes.map(({ line }) => line)).toEqual([4, 5, 6]);
});

const lines = [
  ...sample.split('\n'),
  'mode tcp',
  'server s 1.2.3.4:5 weight 300',
  'server s 1.2.3.4:5 ssl verify none',
  'bind 1.2.3.4:5-9',
  'bind 1.2.3:5',
  'bind [::1]:5 ssl crt /x/',
  'timeout client 0',
  'timeout server 1us',
  'timeout tunnel 1h',
  'option httpchk POST /x',
  'redirect prefix https://x.org code 308',
  'http-request set-header a %[src]',
  "http-response add-header a 'b c'",
  'http-request del-header a',
  'http-request set-header Host x',
  'acl',
  'acl x',
  'acl x path',
  'use_backend',
  '"',
  'a\\',
  'defaults',
  'frontend',
  'frontend web',
  'backend admin',
  '   ',
  '# only a comment',
];
const text = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...lines) }, { weight: 1, arbitrary: fc.string() }),
    { maxLength: 40 },
  )
  .map((chosen) => chosen.join('\n'));

test('every line with something on it is either kept or told, never both, and what comes out has the right shape', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'defaults\nmode http\n'), text, (start, rest) => {
      const whole = start + rest;
      const { document, kept, notes } = importHaproxy(whole);
      const spoken = whole
        .split(/\r?\n/)
        .flatMap((line, index) => (/^\s*(#.*)?$/.test(line) ? [] : [index + 1]));

      expect([...kept, ...notes.map(({ line }) => line)].sort((a, b) => a - b)).toEqual(spoken);
      expect(Check(ConfigDocument, document)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

/** What every rendered configuration says, whether or not the file did. */
const always = /^(mode http|option idle-close-on-response|global|defaults)$/;

test('a line that is kept is one that the document holds', () => {
  const { kept, document } = importHaproxy(sample);
  const all = sample.split('\n');
  for (const line of kept.filter((number) => !always.test((all[number - 1] ?? '').trim()))) {
    const without = all.filter((_, index) => index !== line - 1).join('\n');
    expect(importHaproxy(without).document, all[line - 1]).not.toEqual(document);
  }
});

test('the node’s own address comes back as it was rendered, and no other variable is read', () => {
  const { document } = importHaproxy(
    [
      'defaults',
      '  mode http',
      'frontend web',
      '  bind "${HOLDFAST_NODE_ADDRESS}:80"',
      '  bind node:81',
      '  bind "${OTHER}:82"',
    ].join('\n'),
  );

  expect(document.frontends).toMatchObject([{ binds: [{ address: 'node', port: 80 }] }]);
});

test('a backend that names no server is one whose servers canary rollouts bring; one whose servers were lost is not', () => {
  const imported = importHaproxy(
    'defaults\n  mode http\nbackend steered\n  balance roundrobin\nbackend lost\n  server-template s 1-3 a:80\n',
  );

  const [steered, lost] = imported.document.backends;
  expect(steered).toMatchObject({ name: 'steered', steered: true });
  expect(noteOf(imported, 'backend steered')).toMatchObject({ kind: 'changed' });
  expect(lost).not.toHaveProperty('steered');
});
