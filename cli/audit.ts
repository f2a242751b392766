import type { Command } from 'commander';
import type { Bind } from './context.ts';

/** holdfast audit list|verify|prove|consistency|export|reconcile|erase|key */
export function registerAuditCommands(program: Command, bind: Bind): void {
  const audit = program.command('audit').description('who did what, and the proof that it was not changed');
  const list = audit
    .command('list')
    .description('list sealed entries, the newest first')
    .option('--operation <id>', 'only of this operation')
    .option('--limit <n>', 'how many', '20');
  bind(list, async () => (await import('./audit/list.ts')).listAudit);
  const verify = audit
    .command('verify')
    .description(
      'verify chain, checkpoints and personal data; names the first bad entry and the kind (exit code 1)',
    )
    .option('--file <export>', 'an export instead of the API; needs no server')
    .option(
      '--key <key>',
      'public key or a file with it (default: the one beside the signing key, else of the API)',
    )
    .option('--checkpoints <folder>', 'where checkpoints are published (default: that of this machine)')
    .option(
      '--state <file>',
      'go on where the last verification came to, and remember how far this one came',
    );
  bind(verify, async () => (await import('./audit/verify.ts')).verifyAudit);
  const prove = audit
    .command('prove')
    .description('prove that an entry is under a signed checkpoint')
    .argument('<entry>')
    .option('--size <n>', 'the checkpoint of this size (default: the newest)')
    .option('--key <key>', 'public key or a file with it');
  bind(prove, async () => (await import('./audit/prove.ts')).proveEntry);
  const consistency = audit
    .command('consistency')
    .description('prove that a checkpoint continues an older one')
    .argument('<older>', 'size of the older checkpoint')
    .argument('<newer>', 'size of the newer checkpoint')
    .option('--key <key>', 'public key or a file with it');
  bind(consistency, async () => (await import('./audit/consistency.ts')).proveConsistency);
  const exporting = audit
    .command('export')
    .description('write all that a verifier needs, as NDJSON')
    .option('--output <file>', 'to this file instead of standard output')
    .option('--after <seq>', 'only entries after this place', '0');
  bind(exporting, async () => (await import('./audit/export.ts')).exportAudit);
  const reconcile = audit
    .command('reconcile')
    .description('what the Temporal history of an operation tells and its audit does not, and the reverse')
    .argument('<operation>');
  bind(reconcile, async () => (await import('./audit/reconcile.ts')).reconcileAudit);
  const erase = audit
    .command('erase')
    .description('erase free text from the audit; the chain stays whole')
    .option('--entry <id>', 'of one entry')
    .option('--operation <id>', 'of all entries of an operation')
    .option('--principal <name>', 'of all that a person did')
    .option('--reason <text>', 'why; kept in the audit');
  bind(erase, async () => (await import('./audit/erase.ts')).eraseTexts);
  const key = audit.command('key').description('the public key that checkpoints are verified with');
  bind(key, async () => (await import('./audit/key.ts')).showKey);
}
