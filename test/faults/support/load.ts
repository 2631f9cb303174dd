/** Clients that send as fast as they are answered, and write down what was acknowledged. */
import { dialogue } from '@postern/testkit'

export interface Acknowledged {
  readonly token: string
  /** queue id */
  readonly id: string
  /** ms since 1970 */
  readonly at: number
}
export interface LoadOptions {
  readonly sessions: number
  /** body bytes of the n-th message */
  readonly size?: (n: number) => number
  /** messages of one session at most */
  readonly count?: number
  /** ms for each reply */
  readonly timeout?: number
  readonly sender?: string
}
export interface Load {
  /** no further message is begun; resolves when the sessions have ended */
  stop(): Promise<void>
  /** all sessions have ended: by `count`, by `stop`, or because the server went away */
  readonly ended: Promise<void>
  /** replies that were no 250, by their text, and how often */
  readonly refused: ReadonlyMap<string, number>
}

/** Everything that ever got 250: kept in this process, away from the disk under test. */
export class Acknowledgements {
  readonly all = new Map<string, Acknowledged>()
  #runs = 0

  /** Starts clients against `port`; they end by themselves when the server dies. */
  load(port: number, options: LoadOptions): Load {
    const run = ++this.#runs
    const refused = new Map<string, number>()
    let stopping = false
    const session = async (s: number): Promise<void> => {
      const d = await dialogue(port, { timeout: options.timeout ?? 60_000 })
      try {
        await d.send('EHLO client.example')
        for (let n = 0; !stopping && n < (options.count ?? Infinity); n++) {
          const token = `r${run}s${s}n${n}`
          const reply = await send(d, token, options.size?.(n) ?? 1500, options.sender ?? 'anna@client.example')
          const id = /^250 2\.0\.0 Ok: queued as (\S+)/.exec(reply)?.[1]
          if (id) this.all.set(token, { token, id, at: Date.now() })
          else refused.set(reply, (refused.get(reply) ?? 0) + 1)
          if (reply.startsWith('421')) return
        }
        await d.send('QUIT')
      } finally {
        await d.close()
      }
    }
    const all = Array.from({ length: options.sessions }, (_, s) =>
      session(s).catch(() => {
        // the server was killed: that is the test
      }),
    )
    const ended = Promise.all(all).then(() => undefined)
    return {
      refused,
      ended,
      stop() {
        stopping = true
        return ended
      },
    }
  }
}

async function send(d: Awaited<ReturnType<typeof dialogue>>, token: string, size: number, sender: string) {
  const envelope = `MAIL FROM:<${sender}>\r\nRCPT TO:<${token}@far.example>\r\nDATA\r\n`
  const replies = await d.raw(envelope, 3)
  const refused = replies.find((r) => !/^[23]/.test(r))
  if (refused) {
    if (replies[2]!.startsWith('354')) await d.data('')
    else await d.send('RSET')
    return refused
  }
  return d.data(`X-Token: ${token}\nSubject: load\n\n${textOf(token, size)}`)
}
/** A body that tells whose it is in every line: a mixture of two would show. */
export function textOf(token: string, size: number): string {
  const line = `${token} `.repeat(Math.ceil(60 / (token.length + 1))) + '\n'
  return line.repeat(Math.max(1, Math.ceil(size / line.length)))
}
