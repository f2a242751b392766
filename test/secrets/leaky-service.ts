import { createServer } from 'node:http';

/** A service that prints its secrets, as some do. What it is called decides how it does: `dead-…`, `dying-…`, `bad-…`, or well. */
const [version = ''] = process.argv.slice(2);
const secrets = ['FROM_ENV', 'FROM_FILE'].map((name) => process.env[name]);
console.log(`starting with ${secrets.join(' and ')}`);
console.error(new Error(`cannot log in with ${secrets.join('/')}`));
if (version.startsWith('dead')) process.exit(1);
const isDying = version.startsWith('dying');
if (isDying) setTimeout(() => process.exit(1), 900);

createServer((request, response) => {
  const isHealth = request.url === '/health';
  const status = isHealth ? (isDying ? 503 : 200) : version.startsWith('bad') ? 500 : 200;
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${version}\n`);
}).listen(Number(process.env['PORT']), '127.0.0.1');
