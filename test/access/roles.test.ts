import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allows,
  permissions,
  roles,
  type Permission,
  type Principal,
  type Role,
} from '../../domain/access/roles.ts';

const names = Object.keys(permissions) as Permission[];
const anyRoles = fc.subarray([...roles]);
const anyProject = fc.constantFrom('one', 'two', '*');
const anyPrincipal: fc.Arbitrary<Principal> = fc.record({
  id: fc.constant('ann'),
  kind: fc.constantFrom('person' as const, 'service' as const),
  keyId: fc.constant(null),
  roles: fc.dictionary(anyProject, anyRoles),
  scopes: fc.option(fc.subarray(names)),
  project: fc.option(fc.constantFrom('one', 'two')),
});

function person(own: Record<string, readonly Role[]>, narrow: Partial<Principal> = {}): Principal {
  return { id: 'ann', kind: 'person', keyId: null, roles: own, scopes: null, project: null, ...narrow };
}

test('who is nothing in a project may do nothing there, whatever it is elsewhere', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), anyRoles, (permission, own) => {
      expect(allows(person({ two: own }), permission, 'one')).toBe(false);
      expect(allows(person({ two: own }), permission, null)).toBe(false);
      expect(allows(person({}), permission, 'one')).toBe(false);
    }),
  );
});

test('a role gives what the table says and nothing else', () => {
  for (const role of roles) {
    for (const permission of names) {
      const allowed: readonly Role[] = permissions[permission];
      expect(allows(person({ one: [role] }), permission, 'one')).toBe(allowed.includes(role));
      expect(allows(person({ '*': [role] }), permission, 'one')).toBe(allowed.includes(role));
    }
  }
});

test('a narrower key never allows more than its principal may', () => {
  fc.assert(
    fc.property(
      anyPrincipal,
      fc.constantFrom(...names),
      fc.constantFrom('one', 'two', null),
      (who, what, where) => {
        const wide = allows({ ...who, scopes: null, project: null }, what, where);
        if (allows(who, what, where)) expect(wide).toBe(true);
      },
    ),
  );
});

test('a project of the name of an inherited property is no hole', () => {
  expect(allows(person({}), 'service:read', 'constructor')).toBe(false);
  expect(allows(person({}), 'service:read', '__proto__')).toBe(false);
});

test('no person speaks for a proxy, however mighty', () => {
  expect(allows(person({ '*': roles }), 'proxy:speak', null)).toBe(false);
});
