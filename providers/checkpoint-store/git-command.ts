import { execFile } from 'node:child_process';
import { OpsError } from '../../domain/errors.ts';

const limitMs = 30_000;
const largest = 256 * 1024 * 1024;

/** Runs git in one folder; answers what it wrote to its standard output. Throws GitFailure. */
export type Git = (
  args: readonly string[],
  more?: { readonly input?: string; readonly index?: string },
) => Promise<string>;

/** What git's own settings come from: keys, proxies, credential helpers. */
export type Environment = Readonly<Record<string, string | undefined>>;

export class GitFailure extends Error {
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.name = 'GitFailure';
    this.output = output;
  }
}

/** Never asks a person, runs no hooks of the user, and writes through to the disk. */
const settings = ['core.hooksPath=/dev/null', 'core.fsync=committed'];

export function createGit(folder: string, inherited: Environment): Git {
  const fixed = settings.flatMap((setting) => ['-c', setting]);
  return (args, { input = '', index } = {}) =>
    new Promise((resolve, reject) => {
      const env = { ...environment(inherited), ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) };
      const options = {
        cwd: folder,
        env,
        timeout: limitMs,
        maxBuffer: largest,
        killSignal: 'SIGKILL' as const,
      };
      const child = execFile('git', [...fixed, ...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (error.code === 'ENOENT') return reject(noGit());
        const why = error.killed === true ? `no end within ${limitMs} ms` : shown(stderr);
        reject(new GitFailure(`git ${args[0] ?? ''}: ${why}`, `${stdout}${stderr}`));
      });
      child.stdin?.on('error', () => undefined).end(input);
    });
}

function environment(inherited: Environment): Environment {
  // Where a git that started us works is not where this one works.
  const elsewhere = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|DEFAULT_HASH)$/;
  const [name, email] = ['Holdfast', 'audit@holdfast.invalid'];
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=10',
    ...Object.fromEntries(Object.entries(inherited).filter(([key]) => !elsewhere.test(key))),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

/** What git said, without passwords that stand in addresses. */
function shown(stderr: string): string {
  const text = stderr.replaceAll(/\/\/[^@/\s]*@/g, '//***@').trim();
  return text.slice(-300).replaceAll('\n', '; ');
}

function noGit(): OpsError {
  return new OpsError(
    'unavailable',
    'git is not installed here; install it, or keep checkpoints as files alone',
  );
}
