import { Client, Connection } from '@temporalio/client';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../api/app.ts';
import { createMayDecode } from '../../api/may-decode.ts';
import { loadConfig } from '../../config.ts';
import { connect } from '../../db/connect.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { newKeyFile, writeKeyFile } from '../../payload-codec/key-file.ts';
import { freePort } from '../net/ports.ts';
import { temporalBinary } from '../temporal/binary.ts';
import { startTemporal } from '../temporal/server.ts';
import { startBrowser } from './browser.ts';

/**
 * `node infra/production/prove-ui.ts CHROMIUM`: a browser looks at a sealed payload in the real Temporal UI, before and after it was
 * given the key of the codec server at /codec/login. Exit code 0 only if every case goes as it should.
 */
const [chromium = '/usr/bin/chromium'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'holdfast-ui-'));
const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
let failed = 0;
try {
  await prove();
} finally {
  for (const end of ends.reverse()) await end();
}
process.stdout.write(failed === 0 ? 'every case went as it should\n' : `${failed} cases did not\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function prove(): Promise<void> {
  const secret = 'seen-by-nobody-else';
  const token = 'a-bearer-key-of-this-proof-alone';
  const [keys, tokenFile] = [join(folder, 'keys.json'), join(folder, 'token')];
  await writeKeyFile(keys, newKeyFile());
  await writeFile(tokenFile, token, { mode: 0o600 });
  const uiPort = await freePort();
  const ui = `http://127.0.0.1:${uiPort}`;
  const { address, namespace, stop } = await startTemporal(
    await temporalBinary({ cache: loadConfig(process.env).cache, binary: null }),
    { folder, uiPort },
  );
  ends.push(stop);
  const dataConverter = createDataConverter({ payloadKeys: keys, namespace, onUnreadable: () => undefined });
  const connection = await Connection.connect({ address });
  ends.push(() => connection.close());
  const client = new Client({ connection, namespace, dataConverter });
  const run = await client.workflow.start('waits', {
    workflowId: 'sealed',
    taskQueue: 'nobody',
    args: [{ secret }],
  });
  const api = await startApi(client, ui, tokenFile);

  const page = await startBrowser(chromium, join(folder, 'browser'));
  ends.push(() => page.close());
  const history = `${ui}/namespaces/${namespace}/workflows/sealed/${run.firstExecutionRunId}/history`;
  const shows = `document.body.innerText.includes(${JSON.stringify(secret)})`;
  const decode = `/codec/${namespace}/decode`;

  await page.open(ui);
  await page.becomes("document.readyState === 'complete'");
  const settings = {
    endpoint: `${api}/codec/${namespace}`,
    includeCredentials: true,
    overrideRemoteCodecConfiguration: true,
  };
  for (const [name, value] of Object.entries(settings))
    await page.evaluate(
      `localStorage.setItem(${JSON.stringify(name)}, ${JSON.stringify(JSON.stringify(value))})`,
    );
  await page.open(history);
  await until(() => page.statusesOf(decode).length > 0);
  tell(
    'without the key the codec server refuses the page',
    page.statusesOf(decode).every((status) => status === 401),
  );
  tell('and the payload stays sealed', (await page.evaluate(shows)) === false);

  await page.open(`${api}/codec/login`);
  await page.becomes("document.querySelector('#endpoint')?.textContent !== ''");
  await page.evaluate(
    `document.querySelector('input').value = ${JSON.stringify(token)}; document.querySelector('form').requestSubmit()`,
  );
  tell(
    'the login page takes the key',
    await page.becomes("document.querySelector('output').textContent.startsWith('Done')"),
  );
  const cookie = String(await page.evaluate('document.cookie'));
  tell('and no script can read it', !cookie.includes(token));

  await page.open(history);
  tell('then the Temporal UI shows the clear text', await page.becomes(shows));
}

async function startApi(client: Client, uiUrl: string, tokenFile: string): Promise<string> {
  const [codec] = client.options.loadedDataConverter.payloadCodecs;
  if (codec === undefined) throw new Error('the client seals nothing');
  // The codec server asks no database.
  const db = connect('postgresql://127.0.0.1:1/none');
  const { namespace } = client.options;
  const app = await buildApp({
    db,
    temporal: () => client,
    notifications: { on: () => () => undefined, close: () => Promise.resolve() },
    taskQueue: 'nobody',
    codec: { codec, namespace, uiUrl, mayDecode: createMayDecode(tokenFile) },
  });
  ends.push(
    () => db.destroy(),
    () => app.close(),
  );
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 600 && !condition(); round += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

function tell(what: string, isSo: boolean): void {
  failed += isSo ? 0 : 1;
  process.stdout.write(`${isSo ? 'ok    ' : 'FAILED'} ${what}\n`);
}
