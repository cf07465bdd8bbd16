import { existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { formatBytes } from '../core/format-bytes.ts';
import type { Finding } from './finding.ts';

const LITTLE_SPACE_BYTES = 1_000_000_000;

/** SQLite's WAL needs memory that all who use it share, which these file systems do not give to several machines. */
const SHARED_FILE_SYSTEM = /^(nfs|cifs|smb|afs|ceph|lustre|gpfs|ocfs|fuse\.(sshfs|s3fs|rclone|glusterfs|gcsfuse))/;

/** Whether a home can be kept where it is. */
export function* checkPlace(home: string): Generator<Finding> {
  const type = fileSystemType(home);
  if (type !== undefined && SHARED_FILE_SYSTEM.test(type)) {
    yield {
      kind: 'file-system',
      severity: 'error',
      what: `${home} is on a ${type} file system, where the database may be damaged when several machines use it`,
      remedy: 'move it to a local disk, and name that place with RACEWAY_HOME',
    };
  }
  const { bavail, bsize } = statfsSync(home);
  const freeBytes = bavail * bsize;
  if (freeBytes < LITTLE_SPACE_BYTES) {
    yield {
      kind: 'disk',
      severity: 'note',
      what: `only ${formatBytes(freeBytes)} are free on the disk of ${home}`,
      remedy: 'make room: raceway rm removes runs, and raceway gc what they leave',
    };
  }
}

/** The type of the mount that a folder is in, where `/proc/mounts` tells. */
function fileSystemType(folder: string): string | undefined {
  if (!existsSync('/proc/mounts')) return undefined;
  const path = realpathSync(folder);
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, place = '', type]) => ({ place: place.replaceAll('\\040', ' '), type }))
    .filter(({ place }) => path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`));
  return mounts.reduce<(typeof mounts)[number] | undefined>(
    (longest, mount) => (longest === undefined || mount.place.length >= longest.place.length ? mount : longest),
    undefined,
  )?.type;
}
