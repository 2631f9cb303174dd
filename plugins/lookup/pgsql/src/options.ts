/** Options of a `pgsql` table, in a file or in the configuration. */
import { duration, secret } from '@postern/core'
import { count, list, sqlOptions } from '@postern/lookup-kit'
import { z } from 'zod'

/**
 * Character sets in which every byte below 128 is ASCII, so that what ends a text in one of them ends it in UTF-8 too. Of
 * the others (big5, gbk, sjis ...) a character's second byte may be a quote or a backslash.
 */
const ENCODINGS = /^(UTF-?8|UNICODE|SQL_ASCII|LATIN(10|[1-9])|WIN(125[0-8]|866|874)|KOI8[RU]?|ISO_8859_[5-8])$/i

export const tableOptions = z.strictObject({
  hosts: list()
    .default(['localhost'])
    .describe('`host`, `host:port`, `inet:host:port`, `unix:/folder`, `postgresql://user:password@host:port/database`'),
  user: z.string().default('').describe('empty: as for `psql`'),
  password: secret()
    .default(() => secret().parse(''))
    .describe('empty: as for `psql`'),
  dbname: z.string().min(1).describe('the database'),
  ...sqlOptions,
  selectFunction: z.string().default('').describe('instead of `query`: a function that is given the key'),
  encoding: z
    .string()
    .regex(
      ENCODINGS,
      'expected UTF8, LATIN1 to LATIN10, WIN1250 to WIN1258, KOI8R, KOI8U, ISO_8859_5 to 8 or SQL_ASCII',
    )
    .default('UTF8')
    .describe('character set of the connection'),
  idleInterval: duration().default(60_000).describe('after which an idle connection is closed'),
  retryInterval: duration()
    .default(60_000)
    .describe('for which a server that failed is left alone while there is another'),
  timeout: duration().default(10_000).describe('for connecting to one server and its answer'),
  connections: count(1, 1000).default(10).describe('to each server, for all tables with the same login'),
})
export type PgsqlOptions = z.output<typeof tableOptions>
