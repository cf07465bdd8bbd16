import { formatBytes } from '../../core/format-bytes.ts';
import { contextHome, type CliContext } from '../context.ts';
import { racewayCommand } from '../raceway-command.ts';

/** `gc`: drops what nothing refers to any more. */
export async function gc(context: CliContext): Promise<void> {
  const { output, options } = context;
  const { dryRun = false } = options as { dryRun?: boolean };
  await using home = await contextHome(context);
  const garbage = await home.collectGarbage({ dryRun });
  const { contents, logs, detached, cardPages, temporary, databaseBytes, putAside } = garbage;
  output.json({ dryRun, ...garbage, putAside: putAside ?? null });
  const rows = [
    [contents, 'contents of artifacts and cards that no run has'],
    [logs, 'logs of runs that were removed'],
    [detached, 'files of detached runs that were removed'],
    [cardPages, 'copies of cards that were made for a browser'],
    [temporary, 'temporary files that were left behind'],
  ] as const;
  const dropped = rows.filter(([{ count }]) => count > 0);
  if (dropped.length === 0 && databaseBytes <= 0) output.line('There is nothing to drop.');
  else {
    output.line(dryRun ? 'This would be dropped:' : 'Dropped:');
    output.table(
      [
        ...dropped.map(([{ count, sizeBytes }, what]) => [`${count} ${what}`, formatBytes(sizeBytes)]),
        ...(databaseBytes > 0 ? [['room in the database', formatBytes(databaseBytes)]] : []),
      ],
      '  ',
    );
  }
  if (putAside !== undefined) {
    output.note(
      `As long as ${putAside} is in the home, all logs and contents are kept: see ${racewayCommand(context, 'doctor')}.`,
    );
  }
}
