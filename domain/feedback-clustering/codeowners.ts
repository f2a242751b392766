import { matchesPath } from './glob.ts';

export interface OwnerRule {
  /** From 1, in the file. */
  readonly line: number;
  readonly pattern: string;
  /** Empty: the file says that these paths have no owner. */
  readonly owners: readonly string[];
  readonly forms: readonly (readonly string[])[];
}

const mostBytes = 3 * 1024 * 1024;

/**
 * Reads CODEOWNERS as GitHub does, and GitLab's sections for the owners that their lines leave out. Libraries for .gitignore match
 * `docs/*` deeper than GitHub does, and take `!` and `[a-z]`, which it ignores; so this is our own. Lines that mean nothing are passed over.
 */
export function parseCodeowners(text: string): OwnerRule[] {
  let usual: readonly string[] = [];
  return text
    .slice(0, mostBytes)
    .split(/\r?\n/)
    .flatMap((raw, index) => {
      const line = raw.replace(/(^|\s)#.*$/, '').trim();
      if (line === '') return [];
      const section = /^\^?\[[^\]]+\](?:\[\d+\])?\s*(.*)$/.exec(line);
      if (section !== null) {
        usual = wordsOf(section[1] ?? '');
        return [];
      }
      const [pattern = '', ...own] = wordsOf(line);
      if (pattern.startsWith('!') || /[[\]]/.test(pattern)) return [];
      return [{ line: index + 1, pattern, owners: own.length > 0 ? own : usual, forms: formsOf(pattern) }];
    });
}

/** The rule that holds for a path of the repository: the last one that matches. */
export function ruleOf(rules: readonly OwnerRule[], path: string): OwnerRule | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  return rules.findLast(({ forms }) => forms.some((form) => matchesPath(form, segments))) ?? null;
}

/** A backslash keeps a blank within a pattern. */
function wordsOf(line: string): string[] {
  return line.split(/(?<!\\)\s+/).flatMap((word) => (word === '' ? [] : [word.replaceAll(/\\(?=\s)/g, '')]));
}

/** A pattern with a slash before its end begins at the root, any other one anywhere; what it names may be a file or a folder. */
function formsOf(pattern: string): string[][] {
  const isAnchored = pattern.slice(0, -1).includes('/');
  const segments = pattern.split('/').filter((segment) => segment !== '');
  const form = isAnchored || segments.length === 0 ? segments : ['**', ...segments];
  const beneath = [...form, '*', '**'];
  if (pattern.endsWith('/')) return [beneath];
  // GitHub: `docs/*` are the files of docs, and not those of its folders.
  return pattern.endsWith('/*') ? [form] : [form, beneath];
}
