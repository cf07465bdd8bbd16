/** Now, in milliseconds, on a clock that all processes of this machine share and that no fault sets. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}
