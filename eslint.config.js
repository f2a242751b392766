import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Where the environment may be read: the settings, the entries that hand it to them, and what surrounds the product. */
const readsEnvironment = [
  'config.ts',
  '*/main.ts',
  'api/server.ts',
  'vitest.config.ts',
  'infra/**',
  'test/**',
  'bench/**',
];

const noProcessEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Settings come from loadConfig() in config.ts, handed down as arguments.',
};
const noEnum = {
  selector: 'TSEnumDeclaration',
  message: 'Write a union of literals or an object `as const`.',
};
const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name, so that a thing has one name everywhere.',
};

/** What differs from one run to the next, or reaches out of the process. */
const impure = [
  'performance',
  'process',
  'fetch',
  'crypto',
  'console',
  'Buffer',
  'WeakRef',
  'FinalizationRegistry',
];
/** Besides these, what Temporal replaces in workflows and only there. */
const replacedInWorkflows = ['Date', 'setTimeout', 'setInterval', 'setImmediate'];

const banned = (names, message) => ['error', ...names.map((name) => ({ name, message }))];

export default defineConfig(
  { ignores: ['node_modules/', '.holdfast/', '.dependency-cruiser.cjs', 'bench/results/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Twins and handlers keep the asynchronous signature of what they stand for.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'smart'],
      // Our interfaces are written with methods and implemented by closures: nothing is lost when one is handed on.
      '@typescript-eslint/unbound-method': 'off',
      'prefer-const': 'error',
      'max-lines': ['error', 300],
      'no-restricted-syntax': ['error', noProcessEnv, noEnum, noDefaultExport],
    },
  },
  {
    files: ['domain/**', 'contracts/**'],
    rules: {
      'no-restricted-globals': banned(
        [...impure, ...replacedInWorkflows],
        'Decisions are pure: time, chance and the outside world come in as facts.',
      ),
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Decisions are pure: chance comes in as a fact.' },
      ],
    },
  },
  {
    files: ['workflows/**'],
    rules: {
      'no-restricted-globals': banned(impure, 'Workflows are replayed: this is the work of an activity.'),
    },
  },
  { files: readsEnvironment, rules: { 'no-restricted-syntax': ['error', noEnum, noDefaultExport] } },
  {
    // Answers over HTTP are read as they come; what they must hold is what the test asserts.
    files: ['test/**', 'bench/**'],
    rules: {
      // A contract suite or a table of cases is one list, however long.
      'max-lines': ['error', 400],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  { files: ['**/*.config.ts'], rules: { 'no-restricted-syntax': ['error', noEnum] } },
);
