import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewApiKey } from '../../contracts/access.ts';

export interface CommandLineOptions {
  readonly root: string;
  readonly home: string;
}

interface Run {
  readonly onLine?: (line: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The exit code that it is to end with. */
  readonly code?: number;
}

/** What a person would type, typed for all to see; nothing new begins once it is interrupted. */
export class CommandLine {
  readonly #options: CommandLineOptions;
  readonly #interrupted = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: CommandLineOptions) {
    this.#options = options;
  }

  get interrupted(): AbortSignal {
    return this.#interrupted.signal;
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  act(title: string): void {
    this.say(`\n== ${title}`);
  }

  /** Shows the command, runs it, passes its output on, and fails with it. */
  async holdfast(...args: string[]): Promise<void> {
    await this.holdfastEnding(0, ...args);
  }

  /** The same for a command that is to end with another exit code. */
  async holdfastEnding(code: number, ...args: string[]): Promise<void> {
    this.show(args);
    await this.#holdfast(args, { onLine: (line) => this.say(`   ${line}`), code });
  }

  /** The same as another person, with a key of its own that is never shown. */
  async holdfastAs(principal: string, ...args: string[]): Promise<void> {
    const { secret } = await this.json<NewApiKey>('keys', 'create', '--for', principal, '--name', 'demo');
    this.say(`   as ${principal}, with a key of its own:`);
    this.show(args);
    await this.#holdfast(args, {
      onLine: (line) => this.say(`   ${line}`),
      env: { HOLDFAST_API_KEY: secret },
    });
  }

  /** What a command says with --json, for us alone. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.#holdfast([...args, '--json'], {})) as T;
  }

  /** Runs one of our programs on the node of a proxy, with the settings of that node. */
  async program(name: string, args: readonly string[], env: Run['env'] = {}): Promise<void> {
    this.say(`   $ node ${[name, ...args.map((arg) => this.#short(arg))].join(' ')}`);
    const file = path.join(this.#options.root, name);
    await this.#run(process.execPath, [file, ...args], { env, onLine: (line) => this.say(`   ${line}`) });
  }

  /** Ends what is under way and lets nothing new begin; answers when the last command is gone. */
  async interrupt(): Promise<void> {
    this.#interrupted.abort(new Error('interrupted'));
    await Promise.allSettled(this.#running);
  }

  /** Stops the whole stack, also one that is just coming up. */
  async takeDown(): Promise<void> {
    this.show(['down']);
    const say = (line: string): void => this.say(`   ${line}`);
    // In a process group of its own: a second Ctrl-C must not end it half-way.
    const ended = this.#spawn(this.#launcher, ['down'], { onLine: say }, { detached: true });
    await ended.catch((error: unknown) => say(String(error)));
  }

  pause(seconds: number): Promise<void> {
    return delay(seconds * 1000, undefined, { signal: this.interrupted });
  }

  show(args: readonly string[]): void {
    const shown = args.map((arg) => this.#short(arg));
    this.say(`   $ holdfast ${shown.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`);
  }

  #short(arg: string): string {
    return arg.replaceAll(this.#options.root, '.');
  }

  get #launcher(): string {
    return path.join(this.#options.root, 'holdfast');
  }

  #holdfast(args: readonly string[], run: Run): Promise<string> {
    return this.#run(this.#launcher, args, run);
  }

  async #run(file: string, args: readonly string[], run: Run): Promise<string> {
    const signal = this.interrupted;
    signal.throwIfAborted();
    const running = this.#spawn(file, args, run, { signal, killSignal: 'SIGINT' });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  #spawn(
    file: string,
    args: readonly string[],
    { onLine = () => undefined, env = {}, code: wanted = 0 }: Run,
    how: SpawnOptionsWithoutStdio,
  ): Promise<string> {
    const child = spawn(file, args, {
      ...how,
      env: { ...process.env, HOLDFAST_API_KEY: undefined, HOLDFAST_HOME: this.#options.home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaint = '';
    const lines = (data: Buffer): string[] => data.toString().trimEnd().split('\n');
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      lines(data).forEach(onLine);
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint += data.toString();
      lines(data).forEach(onLine);
    });
    return new Promise((resolve, reject) => {
      // Of a child that was interrupted the end counts, not that it was asked to end.
      child.once('error', (error) => (child.pid === undefined ? reject(error) : undefined));
      child.once('close', (code) => {
        if (code === wanted) return resolve(output);
        const what = `${path.basename(file)} ${args.slice(0, 2).join(' ')}`;
        const said = complaint.trim().slice(-500);
        reject(new Error(`${what} ended with ${code}${wanted === 0 ? '' : `, not ${wanted}`}: ${said}`));
      });
    });
  }
}
