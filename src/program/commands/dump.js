export async function dump(_context) {
  throw new Error('being written');
}
