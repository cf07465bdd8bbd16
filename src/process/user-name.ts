import { userInfo } from 'node:os';

/** Who runs this process, as runs are labelled with. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? String(process.getuid?.() ?? 'unknown'); // a container may run as a user without a name
  }
}
