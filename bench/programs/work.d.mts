export function work(): Promise<number>;
