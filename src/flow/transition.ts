/** Where a task goes when it is done; a union by `kind`. */
export type Transition = { readonly kind: 'linear'; readonly steps: readonly [string] };
