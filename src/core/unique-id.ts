/**
 * A name that nothing else has: 16 hexadecimal digits. Anybody might guess it, so it is no secret; `node:crypto` would take
 * three milliseconds to load before the first worker can be started.
 */
export function uniqueId(): string {
  return part() + part();
}

function part(): string {
  return Math.floor(Math.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}
