import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf } from './docker.ts';

/**
 * A service as small as they come: /health tells how it was started. SAMPLE=broken ends at once, SAMPLE=deaf does not hear SIGTERM.
 * As the first process of a container it must ask for SIGTERM, which would be ignored there.
 */
export const sampleScript = `#!/bin/sh
echo "sample $VERSION begins"
[ "$SAMPLE" = broken ] && { echo "broken on order" >&2; exit 3; }
mkdir -p "$WWW"
echo "$VERSION $PORT $INSTANCE $SECRET $*" > "$WWW/health"
[ "$SAMPLE" = deaf ] && trap '' TERM
[ $$ = 1 ] || exec "$BUSYBOX" httpd -f -p "$HOST:$PORT" -h "$WWW"
"$BUSYBOX" httpd -f -p "$HOST:$PORT" -h "$WWW" &
[ "$SAMPLE" = deaf ] && while :; do wait; sleep 1; done
trap 'kill $!; exit 0' TERM
wait $!
`;

export interface SampleFolder {
  readonly folder: string;
  readonly script: string;
  readonly busybox: string;
  remove(): Promise<void>;
}

export async function sampleFolder(): Promise<SampleFolder> {
  const busybox = await programOf('busybox', 'busybox-static');
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-runtime-'));
  const script = join(folder, 'service.sh');
  await writeFile(script, sampleScript, { mode: 0o755 });
  await mkdir(join(folder, 'home'));
  return { folder, script, busybox, remove: () => rm(folder, { recursive: true, force: true }) };
}
