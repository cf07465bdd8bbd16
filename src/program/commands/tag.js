export async function tag(_context) {
  throw new Error('being written');
}
