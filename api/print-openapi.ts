import { Client, Connection } from '@temporalio/client';
import { connect } from '../db/connect.ts';
import { buildApp } from './app.ts';

/** Prints the OpenAPI document of this code; nothing is connected to. Use: node api/print-openapi.ts > docs/openapi.json */
const app = await buildApp({
  db: connect('postgres://unused'),
  notifications: { on: () => () => undefined, close: () => Promise.resolve() },
  temporal: () => new Client({ connection: Connection.lazy() }),
  taskQueue: 'unused',
});
await app.ready();
process.stdout.write(`${JSON.stringify(app.swagger(), null, 2)}\n`);
await app.close();
