import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { explained } from './database-error.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/** The page that begins with the header, which says how long each is, how many there are, and of which schema. */
interface Header {
  readonly pageBytes: number;
  readonly pages: number;
  readonly version: number;
}

/** What a database that is made anew says of a table or an index. */
interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  /** The page at which its rows begin. */
  readonly rootpage: number;
  readonly sql: string | null;
  /** Whether its pages are those of an index: those of a table without row ids are too. */
  readonly isIndex: number;
}

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const PAGES_OFFSET = 28;
const VERSION_OFFSET = 60;

/** What Node's SQLite makes, for a database that does not say. */
const USUAL_PAGE_BYTES = 4096;

/** How much longer than it is a database is believed to have been: what says so may be damaged. */
const MAX_MISSING_PAGES = 1 << 24;

/** The first byte of a page of a table, or of an index. */
const KINDS: ReadonlyMap<number, 'table' | 'index'> = new Map([
  [0x05, 'table'],
  [0x0d, 'table'],
  [0x02, 'index'],
  [0x0a, 'index'],
]);

/** The page that says of each after it what it is for, and how long an entry is. */
const MAP_PAGE = 2;
const MAP_ENTRY_BYTES = 5;
const MAP_ROOT = 1;
const MAP_MAX_TYPE = 5;

/**
 * Opens a damaged database for who reads what can be read of it. One whose list of tables is damaged is given the list of one
 * that is made anew, if it fits.
 *
 * @param file a private copy, which is changed; its log is written back
 * @returns `undefined` when no table can be found
 * @throws {RacewayError} `HOME` when there is no room for the list
 */
export function openDamaged(file: string): DatabaseSync | undefined {
  dropPartOfPage(file);
  const database = openReadable(file);
  if (database !== undefined && isSchemaWhole(database)) return database;
  database?.close();
  explained(file, 'open', () => restoreSchema(file));
  return openReadable(file);
}

/** SQLite would fill up the last page with zeros, and a row that was cut off would end with them. */
function dropPartOfPage(file: string): void {
  const sizeBytes = statSync(file).size;
  const wholeBytes = sizeBytes - (sizeBytes % readHeader(file).pageBytes);
  if (wholeBytes > 0 && wholeBytes < sizeBytes) truncateSync(file, wholeBytes); // the log of an empty one would be thrown away
}

function openReadable(file: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = openWritableSchema(file);
    database.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    return database;
  } catch {
    database?.close();
    return undefined;
  }
}

function openWritableSchema(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  if ('enableDefensive' in database) database.enableDefensive(false); // Node 24.12 and newer; else the next has no effect
  // So that what is wrong with one table does not keep the others from being read.
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA writable_schema = ON');
  return database;
}

function isSchemaWhole(database: DatabaseSync): boolean {
  try {
    const version = knownVersion(Number(database.prepare('PRAGMA user_version').get()?.['user_version']));
    const found = new Map(
      database
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map(({ name, sql }) => [name, sql]),
    );
    return schemaOf(version).every(({ type, name, sql }) => type !== 'table' || found.get(name) === sql);
  } catch {
    return false;
  }
}

/** The current one, when what a damaged database says is none. */
function knownVersion(said: number): number {
  return said >= 1 && said <= SCHEMA_VERSION ? said : SCHEMA_VERSION;
}

/** What a database of a version says of its tables when it is made anew. */
function schemaOf(version: number): readonly SchemaRow[] {
  const database = new DatabaseSync(':memory:');
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    for (const migration of MIGRATIONS.slice(0, version)) database.exec(migration);
    return database
      .prepare(
        `SELECT type, name, tbl_name, rootpage, sql, type = 'index' OR wr AS isIndex
         FROM sqlite_schema LEFT JOIN (SELECT name AS listed, wr FROM pragma_table_list) ON listed = name`,
      )
      .all() as unknown as readonly SchemaRow[];
  } finally {
    database.close();
  }
}

/**
 * Gives a database the list of tables of one that is made anew.
 *
 * That is sound because every database of a schema is made by the same statements, also one that began with an older schema,
 * and because it is one with auto-vacuum: SQLite keeps the roots of its tables together at the beginning, in the order of these
 * statements, and moves other pages out of their way. A database that was made otherwise, by VACUUM or from a dump, has
 * them elsewhere: what its pages say of themselves must not speak against the list, else nothing is changed. Whoever copies
 * the rows looks at the type of every value.
 *
 * The first page becomes that of an empty database, without auto-vacuum, since the map of the pages need not be whole. SQLite
 * then takes pages for the list behind those that there are or were, so that none with rows is lost.
 */
function restoreSchema(file: string): void {
  const { pageBytes, pages, version } = readHeader(file);
  const schema = schemaOf(version);
  if (!isFitting(file, { pageBytes, schema })) return;
  const empty = `${file}-empty`;
  try {
    const database = new DatabaseSync(empty);
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA user_version = ${version}`);
    database.close();
    const page = readFileSync(empty);
    page.writeUInt32BE(0, PAGES_OFFSET); // as many as the file has
    writeFirstPage(file, page);
  } finally {
    rmSync(empty, { force: true });
  }
  if (statSync(file).size < pages * pageBytes) truncateSync(file, pages * pageBytes);
  const database = openWritableSchema(file);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN');
    const insert = database.prepare(
      'INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)',
    );
    for (const { type, name, tbl_name: table, rootpage, sql } of schema) insert.run(type, name, table, rootpage, sql);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/** Whether the pages at which the tables would begin can be those; one that is damaged says nothing. */
function isFitting(file: string, { pageBytes, schema }: { pageBytes: number; schema: readonly SchemaRow[] }): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const byteAt = (offset: number): number => {
      const byte = Buffer.alloc(1);
      return readSync(descriptor, byte, { position: offset }) === 1 ? byte.readUInt8() : 0;
    };
    const roots = new Map(schema.map((row) => [row.rootpage, row.isIndex === 0 ? 'table' : 'index']));
    let agreeing = 0;
    // One more page, which is a root when the database is of a later schema.
    for (let page = MAP_PAGE + 1; page <= Math.max(...roots.keys()) + 1; page += 1) {
      const use = byteAt((MAP_PAGE - 1) * pageBytes + (page - MAP_PAGE - 1) * MAP_ENTRY_BYTES);
      if (use >= MAP_ROOT && use <= MAP_MAX_TYPE && (use === MAP_ROOT) !== roots.has(page)) return false;
      const kind = KINDS.get(byteAt((page - 1) * pageBytes));
      if (kind === undefined || !roots.has(page)) continue;
      if (kind !== roots.get(page)) return false;
      agreeing += 1;
    }
    return agreeing > 0;
  } finally {
    closeSync(descriptor);
  }
}

function readHeader(file: string): Header {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  const isThere = header.toString('latin1', 0, MAGIC.length) === MAGIC;
  const said = header.readUInt16BE(16);
  const pageBytes = said === 1 ? 65_536 : said;
  const isSize = pageBytes >= 512 && (pageBytes & (pageBytes - 1)) === 0;
  if (!isThere || !isSize) return { pageBytes: USUAL_PAGE_BYTES, pages: 0, version: SCHEMA_VERSION };
  const most = Math.ceil(statSync(file).size / pageBytes) + MAX_MISSING_PAGES;
  const pages = header.readUInt32BE(PAGES_OFFSET);
  return { pageBytes, pages: Math.min(pages, most), version: knownVersion(header.readUInt32BE(VERSION_OFFSET)) };
}

function writeFirstPage(file: string, page: Uint8Array): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, page, 0, page.byteLength, 0);
  } finally {
    closeSync(descriptor);
  }
}
