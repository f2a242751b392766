import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCodeowners, ruleOf } from '../../../domain/feedback-clustering/codeowners.ts';
import { ownerOf, pathsOf } from '../../../domain/feedback-clustering/owner.ts';

/** The examples of GitHub's page on code owners. */
const file = `# comment
*       @global-owner1 @global-owner2

*.js    @js-owner # inline
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logs
/apps/github
/with\\ blank/ @blank
!negated @nobody
[a-z].txt @nobody
`;
const rules = parseCodeowners(file);

test.each([
  ['README.md', ['@global-owner1', '@global-owner2'], 2],
  ['src/deep/index.js', ['@js-owner'], 4],
  ['build/logs/today/x.txt', ['@logs'], 10],
  ['build/logs.txt', ['@global-owner1', '@global-owner2'], 2],
  ['lib/apps/x/y.ts', ['@octocat'], 7],
  ['docs/a/b.md', ['@doctocat'], 8],
  ['deeply/nested/logs/a', ['@logs'], 10],
  ['apps/github/x.ts', [], 11],
  ['with blank/x', ['@blank'], 12],
  ['a.txt', ['@global-owner1', '@global-owner2'], 2],
])('%s belongs to %j by line %d', (path, owners, line) => {
  expect(ruleOf(rules, path)).toMatchObject({ owners, line });
});

test('docs/* are the files of docs, not those of its folders', () => {
  const only = parseCodeowners('docs/* @docs');

  expect(ruleOf(only, 'docs/index.md')?.owners).toEqual(['@docs']);
  expect(ruleOf(only, 'docs/build/index.md')).toBeNull();
  expect(ruleOf(only, 'other/docs/index.md')).toBeNull();
});

test("lines without owners take those of GitLab's section", () => {
  const [rule] = parseCodeowners('[Database][2] @dba\n/db/\n');

  expect(rule).toMatchObject({ owners: ['@dba'], line: 2 });
});

test.each([
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**', 'a/x/y', true],
  ['a/**', 'b/a/x', false],
  ['*.?s', 'x/y.ts', true],
  ['*.?s', 'x/y.css', false],
  ['/a', 'b/a', false],
])('%s on %s: %s', (pattern, path, isMatch) => {
  expect(ruleOf(parseCodeowners(`${pattern} @o`), path) !== null).toBe(isMatch);
});

test('a pattern that would make a regular expression run for years is done at once', () => {
  const [rule] = parseCodeowners(`${'*a'.repeat(60)}/**/${'**/x/'.repeat(30)}b @o`);
  const path = `${'a'.repeat(2000)}/${'x/'.repeat(500)}c`;

  const before = performance.now();
  expect(ruleOf(rule === undefined ? [] : [rule], path)).toBeNull();
  expect(performance.now() - before).toBeLessThan(1000);
});

test('whatever a file says, reading it fails on nothing, and the last rule for everything wins', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      fc.stringMatching(/^[a-z]{1,9}(\/[a-z]{1,9}){0,4}$/),
      (text, path) => {
        const all = parseCodeowners(`${text}\n* @last`);

        expect(ruleOf(all, path)?.owners).toEqual(['@last']);
      },
    ),
  );
});

const stacks = {
  node: `TypeError: x is undefined
    at pay (/srv/app/node_modules/stripe/lib/index.js:10:3)
    at charge (/srv/app/src/billing/charge.ts:42:11)
    at async handle (file:///srv/app/src/api/handle.ts:7:1)`,
  python: `Traceback (most recent call last):
  File "/srv/app/src/api/handle.py", line 3, in handle
  File "/srv/app/src/billing/charge.py", line 9, in charge
  File "/usr/lib/python3/site-packages/requests/api.py", line 1, in get`,
  java: `java.lang.IllegalStateException
	at java.util.List.of(List.java:3)
	at com.acme.billing.Charge.pay(Charge.java:42)
	at com.acme.api.Handle.run(Handle.java:7)`,
  windows: '   at Shop.Billing.Pay(Int32 id) in C:\\build\\src\\billing\\Pay.cs:line 12',
};

test.each([
  [stacks.node, ['/srv/app/src/billing/charge.ts', '/srv/app/src/api/handle.ts']],
  [stacks.python, ['/srv/app/src/billing/charge.py', '/srv/app/src/api/handle.py']],
  [stacks.java, ['com/acme/billing/Charge.java', 'com/acme/api/Handle.java']],
  [stacks.windows, ['/build/src/billing/Pay.cs']],
])('the files of a stack, nearest to the error first', (stack, paths) => {
  expect(pathsOf(stack)).toEqual(paths);
});

test.each(Object.entries(stacks))(
  'the owner of an error is found from where its files lay: %s',
  (_, stack) => {
    const owners = parseCodeowners(
      '* @all\n/src/billing/ @billing\n/src/api/ @api\n**/billing/*.java @billing',
    );

    expect(ownerOf(owners, stack)?.owners).toEqual(['@billing']);
  },
);

test('a stack within libraries only has no owner, and neither has a path that the file disowns', () => {
  expect(ownerOf(parseCodeowners('* @all'), 'at pay (/srv/node_modules/x/i.js:1:1)')).toBeNull();
  expect(ownerOf(parseCodeowners('* @all\n/src/'), 'at pay (/srv/src/i.js:1:1)')).toBeNull();
});

test('the rule and the path that decided are told', () => {
  expect(ownerOf(parseCodeowners('\n/src/billing/ @billing'), stacks.node)).toEqual({
    owners: ['@billing'],
    line: 2,
    pattern: '/src/billing/',
    path: 'src/billing/charge.ts',
  });
});
