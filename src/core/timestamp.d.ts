/** `2026-11-21 10:00:00.123` in local time, the way the console shows it. */
export declare function timestamp(timeMs: number): string;
