/** Which operating-system process something belongs to: enough to tell later whether it is still there. */
export interface ProcessIdentity {
    readonly host: string;
    /** Changes with every start of the machine. */
    readonly bootId: string;
    readonly pid: number;
    /** When the process started, in whatever unit the system counts; tells a reused pid apart. */
    readonly startTime: string;
}
