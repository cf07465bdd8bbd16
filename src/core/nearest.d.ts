/** The name that was probably meant, or `undefined` when none is near enough to be worth a suggestion. */
export declare function nearest(name: string, names: readonly string[]): string | undefined;
