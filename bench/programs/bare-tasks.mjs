// The least that could be done for a task: two processes that are sent numbers, and each answer committed on its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';

if (process.send !== undefined) {
  process.on('message', (index) => process.send({ index, square: index * index }));
} else {
  const [count, file] = [Number(process.argv[2]), process.argv[3]];
  const database = new DatabaseSync(file);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE result (id INTEGER, square INTEGER)',
  );
  const insert = database.prepare('INSERT INTO result VALUES (?, ?)');
  let next = 0;
  const children = [fork(import.meta.filename), fork(import.meta.filename)];
  await Promise.all(
    children.map(async (child) => {
      const give = () => (next < count ? child.send(next++) : child.disconnect());
      child.on('message', ({ index, square }) => {
        database.exec('BEGIN IMMEDIATE');
        insert.run(index, square);
        database.exec('COMMIT');
        give();
      });
      give();
      await once(child, 'exit');
    }),
  );
  database.close();
}
