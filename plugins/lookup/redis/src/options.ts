/** Options of a Redis table, in an object or in a file of `snake_case = value` lines. */
import { duration, secret } from '@postern/core'
import { count, list, templateProblem, yesNo } from '@postern/lookup-kit'
import { z } from 'zod'

/** Commands that read and change nothing: what a lookup may send. */
const COMMANDS = ['GET', 'HGET', 'HMGET', 'HVALS', 'HKEYS', 'MGET', 'SMEMBERS', 'LRANGE', 'ZRANGE', 'ZREVRANGE']
/** These answer 1 or 0: is it there? */
export const MEMBERSHIP: readonly string[] = ['EXISTS', 'HEXISTS', 'SISMEMBER']

const words = z
  .union([z.string().transform((text) => text.trim().split(/\s+/)), z.array(z.string()).min(1)])
  .superRefine(([command, ...rest], context) => {
    const known = [...COMMANDS, ...MEMBERSHIP]
    const bad = !known.includes(command!.toUpperCase())
      ? `expected one of ${known.join(', ')} with its arguments, got ${command!.slice(0, 30)}`
      : rest.length === 0
        ? 'needs a key'
        : rest.map(templateProblem).find((problem) => problem !== undefined)
    if (bad !== undefined) context.addIssue({ code: 'custom', message: bad })
  })
const template = z.string().superRefine((text, context) => {
  const message = templateProblem(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

export const redisOptions = z.strictObject({
  hosts: list()
    .prefault('127.0.0.1:6379')
    .describe(
      'servers that hold the same: host, host:port, [address]:port, unix:/path; one is asked, another when it is away',
    ),
  sentinel: z
    .string()
    .min(1)
    .optional()
    .describe('name of a master: hosts are sentinels then, and the server that they name is asked'),
  sentinelUser: z.string().optional().describe('user of the sentinels'),
  sentinelPassword: secret().optional().describe('password of the sentinels'),
  user: z.string().optional().describe('user (ACL); without one the password is that of the default user'),
  password: secret().optional().describe('password'),
  database: count(0).prefault(0).describe('number of the database'),
  tls: yesNo().prefault(false).describe('speak TLS'),
  tlsCaFile: z.string().optional().describe('certificates to trust in place of those that Node knows'),
  tlsCertFile: z.string().optional().describe('certificate to show'),
  tlsKeyFile: z.string().optional().describe('its key'),
  tlsVerify: yesNo().prefault(true).describe('refuse a server whose certificate does not hold for its name'),
  query: words
    .prefault('GET %s')
    .describe(
      'command and arguments, parted by white space; %s, %u, %d, %1 to %9 are the key and its parts. A list of words may hold blanks',
    ),
  resultFormat: template.prefault('%s').describe('what is made of each value: %s, %u, %d, %S, %U, %D'),
  expansionLimit: count(0).prefault(0).describe('values above which a lookup fails; 0: none'),
  domain: list()
    .prefault([])
    .describe('only addresses in these domains are looked up: domains, `/file` with some, `type:table`; `!` takes out'),
  timeout: duration().prefault(5).describe('for a connection, and for an answer; behind it the next server is asked'),
})
export type RedisOptions = z.output<typeof redisOptions>

export type Endpoint =
  | { readonly name: string; readonly host: string; readonly port: number }
  | { readonly name: string; readonly path: string }

/** `host`, `host:port`, `[address]:port`, `unix:/path`. Throws for anything else. */
export function endpoint(text: string, port: number): Endpoint {
  const unix = /^unix:(\/.+)$/.exec(text)
  if (unix) return { name: text, path: unix[1]! }
  const inet = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text)
  const host = inet?.[1] ?? inet?.[2]
  const number = Number(inet?.[3] ?? port)
  if (host === undefined || number > 65_535) throw new Error(`hosts: expected host:port or unix:/path, got ${text}`)
  return { name: `${host.includes(':') ? `[${host}]` : host}:${number}`, host, port: number }
}
