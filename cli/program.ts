import { Command, CommanderError } from 'commander';
import { loadConfig } from '../config.ts';
import { registerAccessCommands } from './access.ts';
import { registerApprovalCommands } from './approval.ts';
import { registerCanaryCommands } from './canary-rollout.ts';
import { registerAuditCommands } from './audit.ts';
import { registerConfigCommands } from './config-rollout.ts';
import { createContext, type Bind, type Cli, type GlobalOptions } from './context.ts';
import { registerEmergencyCommands } from './emergency.ts';
import { registerFeedbackCommands } from './feedback.ts';
import { registerFleetCommands } from './fleet.ts';
import { registerClusterCommands } from './feedback-clustering.ts';
import { CliError, exitCodes } from './exit.ts';
import { registerLogCommands } from './log-window.ts';
import { registerNotificationCommands } from './notification.ts';
import type { Streams } from './output.ts';
import { registerRunCommands } from './runs.ts';
import { registerServiceCommands } from './service.ts';
import { registerSessionCommands } from './session.ts';

export interface Surroundings extends Streams {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back on Ctrl-C; answers the function that stops listening. */
  onInterrupt(listener: () => void): () => void;
}

/** Adds commands that do not talk to the API, such as those of the stack. */
export type Register = (program: Command, bind: Bind) => void;

/** Runs one command line and answers its exit code. Nothing here ends the process. */
export async function runCli(
  argv: readonly string[],
  around: Surroundings,
  more: readonly Register[] = [],
): Promise<number> {
  let code: number = exitCodes.ok;
  let cli: Cli | null = null;
  const bind: Bind = (command, load) => {
    command.action(async (...given: unknown[]) => {
      const self = given.pop() as Command;
      const options = given.pop();
      cli = createContext(self.optsWithGlobals<GlobalOptions>(), loadConfig(around.env), around);
      const action = await load();
      const args = given.flat().filter((arg): arg is string => typeof arg === 'string');
      code = (await interruptible(action(cli, args, options as never), cli, around)) ?? exitCodes.ok;
    });
  };
  try {
    const program = createProgram(around, bind);
    for (const register of more) register(program, bind);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, cli, argv.includes('--json'), around);
  }
}

function createProgram(around: Streams, bind: Bind): Command {
  const program = new Command('holdfast')
    .description('Durable operations: canary rollouts that survive any crash and prove what they did')
    .option('--json', 'machine-readable result on stdout')
    .option('--project <name>', 'project to work in')
    .option('--api-url <url>', 'API to talk to')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void around.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(see --help)');
  registerServiceCommands(program, bind);
  registerCanaryCommands(program, bind);
  registerConfigCommands(program, bind);
  registerFleetCommands(program, bind);
  registerRunCommands(program, bind);
  registerEmergencyCommands(program, bind);
  registerAuditCommands(program, bind);
  registerSessionCommands(program, bind);
  registerAccessCommands(program, bind);
  registerNotificationCommands(program, bind);
  registerApprovalCommands(program, bind);
  registerFeedbackCommands(program, bind);
  registerLogCommands(program, bind);
  registerClusterCommands(program, bind);
  return program;
}

/** Ctrl-C ends the waiting, never the run. */
async function interruptible<T>(work: Promise<T>, cli: Cli, around: Surroundings): Promise<T> {
  let off = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    off = around.onInterrupt(() => {
      const again = cli.reattach();
      const goesOn =
        again === null ? 'interrupted' : `interrupted; the run goes on. Come back with: ${again}`;
      reject(new CliError(exitCodes.interrupted, goesOn));
    });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    off();
  }
}

function explain(error: unknown, cli: Cli | null, json: boolean, around: Streams): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const isOurs = error instanceof CliError;
  const message = error instanceof Error ? error.message : String(error);
  const code = isOurs ? error.exitCode : isConfigError(error) ? exitCodes.usage : exitCodes.failed;
  if (json) {
    const problem = (isOurs && error.problem) || { title: message, code: 'cli', exitCode: code };
    around.stderr.write(`${JSON.stringify({ error: problem })}\n`);
  } else if (cli === null) around.stderr.write(`holdfast: ${message}\n`);
  else cli.out.note(`holdfast: ${message}`);
  return code;
}

function isConfigError(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'invalid-input';
}
