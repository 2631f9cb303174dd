/** Options of a `mysql` table, in a file or in the configuration. */
import { duration, secret } from '@postern/core'
import { count, list, sqlOptions, yesNo } from '@postern/lookup-kit'
import { z } from 'zod'

/**
 * Character sets in which every byte below 128 is ASCII, so that what ends a text in one of them ends it in UTF-8 too. Of
 * the others (big5, cp932, gbk, sjis ...) a character's second byte may be a quote or a backslash.
 */
const CHARSETS = [
  ...['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'binary', 'latin1', 'latin2', 'latin5', 'latin7', 'greek', 'hebrew'],
  ...['cp1250', 'cp1251', 'cp1256', 'cp1257', 'cp850', 'cp852', 'cp866', 'koi8r', 'koi8u'],
] as const

export const tableOptions = z.strictObject({
  hosts: list()
    .default(['localhost'])
    .describe('`host`, `host:port`, `inet:host:port`, `unix:/socket`; `localhost` is the socket of this machine'),
  user: z.string().default('').describe('empty: what the option file says'),
  password: secret()
    .default(() => secret().parse(''))
    .describe('empty: what the option file says'),
  dbname: z.string().min(1).describe('the database'),
  ...sqlOptions,
  requireResultSet: yesNo().default(true).describe('a query without a result set is a failure; else the key is absent'),
  charset: z
    .enum(CHARSETS, `expected one of ${CHARSETS.join(', ')}`)
    .default('utf8mb4')
    .describe('character set of the connection'),
  optionFile: z.string().default('').describe("a MySQL option file instead of this machine's own"),
  optionGroup: z.string().default('client').describe('read after its group `client`; empty and no file: none is read'),
  tlsCertFile: z.string().default('').describe("the client's certificate"),
  tlsKeyFile: z.string().default('').describe('its key'),
  tlsCaFile: z.string().default('').describe("certificates that the server's must come from"),
  tlsCaPath: z.string().default('').describe('a folder of such certificates'),
  tlsCiphers: z.string().default('').describe('as OpenSSL writes them'),
  tlsVerifyCert: yesNo().default(false).describe("the server's certificate must be for its name"),
  idleInterval: duration().default(60_000).describe('after which an idle connection is closed'),
  retryInterval: duration()
    .default(60_000)
    .describe('for which a server that failed is left alone while there is another'),
  timeout: duration().default(10_000).describe('for connecting to one server and its answer'),
  connections: count(1, 1000).default(10).describe('to each server, for all tables with the same login'),
  pipelineDepth: count(1, 1000)
    .default(32)
    .describe('queries that one connection is given at a time; 1: no query before the last one is answered'),
})
export type MysqlOptions = z.output<typeof tableOptions>
