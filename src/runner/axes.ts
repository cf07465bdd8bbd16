/** Lists of values by the name of the parameter that takes them; a list is any iterable. */
export type Axes<R extends object> = { readonly [Name in keyof R]: Iterable<R[Name]> };

/**
 * Reads every list to its end, once: an iterable may not come a second time.
 *
 * @param maker who wants to know, for messages
 * @throws {TypeError} when a value is no list; a string is none, although it could be iterated over
 */
export function readAxes<R extends object>(
  maker: 'product' | 'zip',
  axes: Axes<R>,
): (readonly [name: string, values: readonly unknown[]])[] {
  return Object.entries<Iterable<unknown>>(axes).map(([name, values]) => {
    // What comes from JavaScript may be anything.
    const isList = typeof values === 'object' && values !== null && Symbol.iterator in values;
    if (isList) return [name, [...values]];
    const received = typeof values === 'string' ? JSON.stringify(values) : String(values);
    throw new TypeError(`${maker} takes a list for ${name}, and was given ${received}\nWrite [${received}].`);
  });
}
