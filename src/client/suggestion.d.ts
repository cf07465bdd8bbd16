/** Second line for a name that does not exist: the one that was probably meant, else those that there are, else `none`. */
export declare function suggestion(name: string, names: readonly string[], none: string): string;
