/**
 * A case: a Postfix folder, what is said to the server, and what Postfix did. The files' format is in README.md.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Observed } from './judge/observed.ts'

export const HERE = fileURLToPath(new URL('.', import.meta.url))
export const ROOT = resolve(HERE, '../..')
/** `cases` came with the issue, `cases-own` were recorded later. */
const FOLDERS = ['cases', 'cases-own'].map((name) => join(HERE, name))

/** A next hop that writes down what it is given. */
export interface SinkSpec {
  /** default 127.0.0.9 */
  readonly addr?: string
  /** default 25 */
  readonly port?: number
  readonly lmtp?: boolean
  /** EHLO keywords instead of the usual ones */
  readonly ehlo?: readonly string[]
  /** one that begins with 4 or 5 ends the connection */
  readonly banner?: string
  /** a line, a verb, `RCPT` and a part of the line, or `.`, to the reply */
  readonly replies?: Readonly<Record<string, string>>
  readonly tls?: boolean
  readonly auth?: Readonly<Record<string, string>>
  /** not there until the dialogue says `sink_up` */
  readonly down?: boolean
}
export interface PolicySpec {
  readonly port?: number
  /** the first whose attributes all agree answers; otherwise DUNNO */
  readonly rules?: readonly { readonly match: Readonly<Record<string, string>>; readonly action: string }[]
}
export interface CaseSpec {
  readonly title?: string
  readonly pins?: string
  readonly scenario?: string
  /** `tools`: the case runs sendmail and others */
  readonly needs?: readonly string[]
  /** tables to index: a name in etc, or `type:path` */
  readonly postmap?: readonly string[]
  readonly postalias?: readonly string[]
  /** more addresses of this host */
  readonly addresses?: readonly string[]
  readonly sinks?: Readonly<Record<string, SinkSpec>>
  readonly policy?: PolicySpec
  /** users and passwords of the Dovecot-style socket run/auth */
  readonly auth?: Readonly<Record<string, string>>
  /** make a certificate: tls/cert.pem, tls/key.pem */
  readonly tls?: boolean
  /** folders to be made, each with its owner */
  readonly dirs?: Readonly<Record<string, string>>
  /** seconds to wait at the end */
  readonly settle?: number
  /** no SMTP port to wait for */
  readonly noport?: boolean
}

/** A string is a line with CRLF, and one reply is read. */
export type Step =
  | string
  | {
      /** message, dot-stuffed, with the final dot */
      readonly data?: string
      /** bytes as they are */
      readonly raw?: string
      readonly times?: number
      readonly replies?: number
      /** utf8 for data, latin1 for raw */
      readonly charset?: BufferEncoding
      readonly starttls?: unknown
      /** one more reply, or the end of the connection */
      readonly eof?: unknown
      /** seconds */
      readonly sleep?: number
      readonly half_close?: unknown
    }
export interface SmtpSpec {
  readonly steps?: readonly Step[]
  /** the client's address */
  readonly from?: string
  readonly to?: string
  /** `@PORT@`, `@PORT2@`, `@PORT3@` */
  readonly port?: string
  /** seconds for each reply; default 20 */
  readonly timeout?: number
  readonly tls_wrap?: boolean
  /** do not wait for the banner */
  readonly silent?: boolean
}
export interface Action {
  readonly smtp?: SmtpSpec
  /** so many connections at once; only their banners are read */
  readonly parallel?: SmtpSpec
  readonly n?: number
  readonly run?: readonly string[]
  readonly stdin?: string
  readonly charset?: BufferEncoding
  readonly user?: string
  /** until the queue is idle, and at least so many messages have arrived somewhere */
  readonly wait?: unknown
  readonly least?: number
  /** seconds */
  readonly sleep?: number
  readonly sink_up?: string
  readonly sink_replies?: string
  readonly replies?: Readonly<Record<string, string>>
  readonly write?: string
  readonly text?: string
  readonly postmap?: string
}

export interface Case {
  readonly name: string
  readonly folder: string
  /** the name's first word: smtp, rw, route ... */
  readonly area: string
  readonly spec: CaseSpec
  readonly actions: readonly Action[]
}

const json = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** Reads a case's folder; throws with the file's name. */
export function readCase(folder: string): Case {
  const name = basename(resolve(folder))
  return {
    name,
    folder: resolve(folder),
    area: name.split('-')[0]!,
    spec: json(join(folder, 'case.json')) as CaseSpec,
    actions: (json(join(folder, 'dialogue.json')) as { actions: readonly Action[] }).actions,
  }
}

/** What Postfix did; undefined when it has not been recorded. */
export function expectedOf(folder: string): Observed | undefined {
  const file = join(folder, 'expected.json')
  return existsSync(file) ? (json(file) as Observed) : undefined
}

/**
 * Folders of cases, by name. Each word is a folder, or a part of a case's name; no word means all that are recorded.
 * Throws for a word that finds nothing.
 */
export function findCases(words: readonly string[], areas: readonly string[] = []): string[] {
  const all = FOLDERS.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  ).filter((folder) => existsSync(join(folder, 'case.json')))
  const found = words.length ? words.flatMap((word) => named(word, all)) : all
  const inArea = (folder: string) => areas.length === 0 || areas.includes(basename(folder).split('-')[0]!)
  return [...new Set(found)].filter(inArea).sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
}

function named(word: string, all: readonly string[]): string[] {
  if (existsSync(join(word, 'case.json'))) return [resolve(word)]
  const found = all.filter((folder) => basename(folder).includes(word))
  if (found.length === 0) throw new Error(`${word}: no case has this in its name, and it is no case's folder`)
  return found
}
