export async function logs(_context) {
  throw new Error('being written');
}
