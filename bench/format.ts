/** Writes a number with its unit. */
export type Format = (value: number) => string;

/** As many decimals as tell two runs apart, and no more. */
function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export const inMs: Format = (value) => `${Math.abs(value) < 1 ? value.toFixed(3) : digits(value)} ms`;
export const inSeconds: Format = (value) => `${digits(value)} s`;
export const inLines: Format = (value) => `${Math.round(value).toLocaleString('en')} lines/s`;
export const inMegabytes: Format = (value) => `${digits(value)} MB`;
export const inTimes: Format = (value) => `${digits(value)}×`;
export const inNumber: Format = (value) => Math.round(value).toLocaleString('en');
