// What piscina-tasks.mjs runs on its threads, by name.
export function square(index) {
  return { index, square: index * index };
}
