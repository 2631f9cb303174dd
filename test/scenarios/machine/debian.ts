/** One of Debian's stock folders in use: `debian ANSWER SERVER`. */
import { join } from 'node:path'
import { dialogue } from '@postern/testkit'
import type { Taken } from '../../conformance/judge/observed.ts'
import { normal } from '../../conformance/judge/normal.ts'
import { sh } from '../../conformance/room/shell.ts'
import { until } from '../../conformance/room/testkit.ts'
import { OWN, STRANGER } from './machine.ts'
import type { Machine } from './machine.ts'
import { postern, postfix } from './servers.ts'

const STOCK = new URL('../../../packages/postfix-config/test/debian/', import.meta.url).pathname
const ZONE = `
smtp.example.net A 10.1.0.9
remote.example MX 10 mx.remote.example
mx.remote.example A 10.1.0.8
example.org MX 10 mail.example.org
mail.example.org A ${OWN}
`
/** sender, recipients, and whether a stranger is the client */
const MAILS: readonly (readonly [from: string, to: readonly string[], stranger: boolean])[] = [
  [
    'friend@remote.example',
    ['rich@mail.example.org', 'katie+x@example.org', 'fred@mail.example.org', 'x@other.example'],
    true,
  ],
  ['rich@example.org', ['barbara@localhost', 'x@remote.example', 'matthew', 'fred@localhost'], false],
]
export interface Seen {
  readonly replies: readonly string[]
  readonly boxes: Readonly<Record<string, readonly string[]>>
  readonly hops: Readonly<Record<string, readonly string[]>>
  readonly mailq: string
}

export async function play(machine: Machine, answer: string, server: string): Promise<Seen & { said: string }> {
  const own = { mailname: 'example.org\n', aliases: 'postmaster: root\n' }
  await machine.make(join(STOCK, answer), own, ZONE)
  await machine.world({ smarthost: '10.1.0.9', remote: '10.1.0.8' })
  sh('/usr/sbin/postalias', '/etc/aliases')
  const running = server === 'postfix' ? await postfix() : await postern(machine)
  if (server !== 'postfix') machine.divert()
  const replies: string[] = []
  for (const [from, to, stranger] of MAILS) replies.push(...(await mail(from, to, stranger)))
  const letter = 'Subject: from the shell\n\nhello\n'
  await machine.run(['/usr/sbin/sendmail', '-i', 'barbara', 'y@remote.example'], 'rich', { input: Buffer.from(letter) })
  const idle = async () => /Mail queue is empty/.test((await machine.run(['mailq'])).out)
  await until('an empty queue', idle, 20_000).catch(() => undefined)
  const mailq = (await machine.run(['mailq'])).out
  await running.stop()
  const names = ['rich', 'katie', 'barbara', 'matthew', 'keeper', 'root']
  const seen: Seen = {
    replies,
    boxes: Object.fromEntries(names.map((name) => [name, machine.box(name)])),
    hops: Object.fromEntries(Object.entries(machine.taken()).map(([name, list]) => [name, list.map(asText).sort()])),
    mailq,
  }
  const place = { folder: machine.folder, ports: {} }
  return { ...normal(seen, place), said: running.said() }
}

/** Order and ORCPT of recipients are the conformance cases' matter. */
const asText = ({ helo, mail, rcpt, data }: Taken): string =>
  [
    helo,
    mail.replace(/SIZE=\d+/, 'SIZE=@'),
    ...rcpt.map((line) => line.replace(/ ORCPT=\S+/, '')).sort(),
    data.replaceAll('\r', ''),
  ].join('\n')

async function mail(from: string, to: readonly string[], stranger: boolean): Promise<string[]> {
  const options = stranger ? { host: OWN, localAddress: STRANGER } : { host: '127.0.0.1' }
  const client = await dialogue(25, options).catch((error: unknown) => error as Error)
  if (client instanceof Error) return [`no connection: ${client.message}`]
  const lines = ['EHLO client.example', `MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA']
  const replies = [client.greeting]
  for (const line of lines) replies.push(`${line}: ${await client.send(line)}`)
  if (replies.at(-1)!.includes(': 354')) replies.push(await client.data('Subject: hello\n\nhello there\n'))
  await client.send('QUIT')
  return replies
}
