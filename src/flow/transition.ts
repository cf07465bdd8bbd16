/** What a step did, at run time; a union by `kind`. */
export type Transition =
  | { readonly kind: 'linear'; readonly steps: readonly [string] }
  | { readonly kind: 'branch'; readonly steps: readonly string[] }
  | {
      readonly kind: 'foreach';
      readonly steps: readonly [string];
      /** What the iterable gave, asked once. */
      readonly items: readonly unknown[];
      readonly allowEmpty: boolean;
    }
  | { readonly kind: 'switch'; readonly steps: readonly [string]; readonly case: string };

/** What the source of a step says, before anything runs; a union by `kind`. */
export type StaticTransition =
  | { readonly kind: 'linear'; readonly steps: readonly [string] }
  | { readonly kind: 'branch'; readonly steps: readonly string[] }
  | { readonly kind: 'foreach'; readonly steps: readonly [string] }
  | {
      readonly kind: 'switch';
      /** Every step that a case names, each once. */
      readonly steps: readonly string[];
      /** Steps by case. */
      readonly cases: Readonly<Record<string, string>>;
    };
