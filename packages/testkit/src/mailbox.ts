/** Reads a Maildir. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bodyOf, headersOf } from './smtp/content.ts'
import { until } from './wait.ts'

export interface MailboxMessage {
  /** file name inside the Maildir: `new/1763.P1.host` */
  readonly file: string
  /** as it stands in the file */
  readonly raw: string
  /** header fields in order, unfolded */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** first value of a header field, without regard to case */
  header(name: string): string | undefined
}
export interface Maildir {
  /** messages of `new` and `cur`, by file name */
  messages(): Promise<MailboxMessage[]>
  /** Resolves with all messages when there are at least `n`. */
  waitFor(n: number, ms?: number): Promise<MailboxMessage[]>
}

/** A Maildir at `path`; one that does not exist (yet) is empty. */
export function maildir(path: string): Maildir {
  const messages = async () => (await Promise.all(['cur', 'new'].map((sub) => folder(path, sub)))).flat()
  return {
    messages,
    waitFor: (n, ms) =>
      until(
        `${path}: ${n} messages`,
        async () => {
          const seen = await messages()
          return seen.length >= n ? seen : undefined
        },
        ms,
      ),
  }
}

async function folder(path: string, sub: string): Promise<MailboxMessage[]> {
  const names = await readdir(join(path, sub)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return Promise.all(
    names.sort().map(async (name) => read(join(sub, name), await readFile(join(path, sub, name), 'utf8'))),
  )
}

function read(file: string, raw: string): MailboxMessage {
  const headers = headersOf(raw)
  return {
    file,
    raw,
    headers,
    body: bodyOf(raw),
    header: (name) => headers.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1],
  }
}
