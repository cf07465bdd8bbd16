/** A reason in words, without a full stop: `start/1 failed: no such file`. */
export function describeReason(reason) {
    switch (reason.kind) {
        case 'task':
            return `${reason.pathspec} failed: ${reason.message}`;
        case 'exception':
            return reason.message;
        case 'exit':
            return `its process ended with exit status ${reason.exitCode}`;
        case 'signal':
            return `its process was ended by ${reason.signalCode}`;
        case 'killed':
            return 'it was killed by the program that started it';
        case 'stopped':
            return 'it was stopped because its run was ending';
        case 'timeout':
            return 'it took longer than its limit';
        case 'lost':
            return 'its process is gone';
    }
}
