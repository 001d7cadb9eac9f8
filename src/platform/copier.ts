import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';

/** A connection of its own for COPY, which the pool cannot do. */
export type Copier = {
  /** Each COPY … FROM STDIN in turn and what `also` sends, in one transaction: all or nothing. A generator that throws undoes it. */
  copyIn(parts: readonly CopyPart[], also: (query: Query) => Promise<void>): Promise<void>;
  /** COPY … TO STDOUT of numbers, one a line. */
  readNumbers(statement: string, each: (value: number) => void): Promise<void>;
  /** Is ours until `close`, unless another session has it. */
  claim(name: string): Promise<boolean>;
  close(): Promise<void>;
};
/** Text, or its UTF-8. */
export type CopyPart = { statement: string; text: AsyncIterable<string | Buffer> };
export type Query = (text: string, values: unknown[]) => Promise<void>;

export async function openCopier(url: string): Promise<Copier> {
  const client = new Client({ connectionString: url, application_name: 'tributary import', keepAlive: true });
  // A lost connection fails the statement in flight; without a listener it would also end the process.
  client.on('error', () => {});
  await client.connect();
  await client.query('SET synchronous_commit = off');
  const query: Query = async (text, values) => {
    await client.query(text, values);
  };
  return {
    async copyIn(parts, also) {
      await client.query('BEGIN');
      try {
        for (const { statement, text } of parts)
          await pipeline(Readable.from(text, { highWaterMark: 1 }), client.query(copyFrom(statement)));
        await also(query);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    async readNumbers(statement, each) {
      let rest = '';
      for await (const chunk of client.query(copyTo(statement))) {
        const parts = (rest + z.instanceof(Buffer).parse(chunk).toString('latin1')).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) each(Number(part));
      }
    },
    async claim(name) {
      const { rows } = await client.query<{ claimed: boolean }>(
        'SELECT pg_try_advisory_lock(hashtext($1)) AS claimed',
        [name],
      );
      return rows[0]?.claimed === true;
    },
    close: () => client.end(),
  };
}
