// The same without anything: a process with two children that wait for ever, and end when their channel closes.
import { fork } from 'node:child_process';

if (process.send === undefined) for (let i = 0; i < 2; i++) fork(import.meta.filename);
else {
  process.on('disconnect', () => process.exit());
  console.log('waiting');
}
