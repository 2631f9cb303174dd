/** Debian's Postfix is stopped and Postern started on the same folder; what sends and asks goes on as before. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dialogue } from '@postern/testkit'
import { sh } from '../../conformance/room/shell.ts'
import type { Ran } from '../../conformance/room/shell.ts'
import { until } from '../../conformance/room/testkit.ts'
import type { Machine } from './machine.ts'
import { postfix } from './servers.ts'

const FOLDER = new URL('swap', import.meta.url).pathname
const ZONE = `
here.example A 10.1.0.8
late.example A 10.1.0.9
`
export interface Swap {
  /** by who sent it: what the person's mailbox has got */
  readonly mail: Readonly<Record<string, string>>
  readonly ran: Readonly<Record<string, Ran>>
  /** envelopes at the next hop, by recipient */
  readonly out: readonly string[]
  /** Postfix's queue before the swap, and after it was drained beside Postern */
  readonly left: readonly [before: string, after: string]
  readonly pflogsumm: string
  readonly logwatch: string
}

export async function play(machine: Machine): Promise<Swap> {
  // the people of a machine are in no shadow file
  const pam = ['auth', 'account', 'session'].map((what) => `${what} required pam_permit.so\n`).join('')
  await machine.make(FOLDER, { mailname: 'example.org\n', aliases: 'postmaster: root\n', 'pam.d/cron': pam }, ZONE)
  await machine.world({ here: '10.1.0.8' })
  sh('/usr/sbin/postalias', '/etc/aliases')
  const ran: Record<string, Ran> = {}
  const mail: Record<string, string> = {}
  const old = await postfix()
  await smtp('rich@mail.example.org', 'under Postfix')
  await machine.run(['/usr/sbin/sendmail', '-i', 'waits@late.example'], 'katie', letter('left behind'))
  mail.postfix = (await machine.arrived('rich', 1)).at(-1)!
  const theirs = async () => sh('/usr/sbin/postqueue', '-p')
  await until('a deferred message', async () => (await theirs()).includes('waits@late.example'))
  await old.stop()

  machine.divert()
  ran.start = await machine.run(['postfix', 'start'])
  ran.status = await machine.run(['postfix', 'status'])
  await until(
    'Postern',
    () =>
      smtp('rich@mail.example.org', 'under Postern')
        .then(() => true)
        .catch(() => false),
    20_000,
  )
  mail.smtp = (await machine.arrived('rich', 2)).at(-1)!

  ran.mail = await machine.run(['mail', '-s', 'from mail', 'rich'], 'katie', { input: Buffer.from('hello\n') })
  mail.mail = (await machine.arrived('rich', 3)).at(-1)!
  const php = `exit(mail('rich@example.org', 'from PHP', "hello\\n", "From: web@example.org\\r\\nCc: x@here.example") ? 0 : 1);`
  ran.php = await machine.run(['php', '-r', php], 'katie')
  mail.php = (await machine.arrived('rich', 4)).at(-1)!
  const perl =
    'open(my $m, "|-", "/usr/sbin/sendmail -t -i") or die; print $m "From: form\\@example.org\\nTo: rich\\@example.org\\nBcc: y\\@here.example\\n' +
    'Subject: from Perl\\n\\n.\\nhello\\n"; close($m) or die $?'
  ran.perl = await machine.run(['perl', '-e', perl], 'katie')
  mail.perl = (await machine.arrived('rich', 5)).at(-1)!
  mail.cron = await fromCron(machine)

  ran.later = await machine.run(['/usr/sbin/sendmail', '-i', 'later@late.example'], 'katie', letter('deferred'))
  const listed = async () => {
    ran.mailq = await machine.run(['mailq'], 'rich')
    return /refused|timed out|No route|unreachable/i.test(ran.mailq.out)
  }
  await until('a reason in mailq', listed, 40_000).catch(() => undefined)
  ran.newaliases = await machine.run(['newaliases'])
  ran.postconf = await machine.run(['postconf', '-h', 'mydestination'])

  const before = await theirs()
  const after = await drained(machine, theirs)
  await until('the next hop', () => (machine.taken().here ?? []).length >= 2, 10_000)
  ran.reload = await machine.run(['postfix', 'reload'])
  const watched = await logwatch(machine)
  ran.stop = await machine.run(['postfix', 'stop'])
  ran.stopped = await machine.run(['postfix', 'status'])
  return {
    ...{ mail, ran, left: [before, after] },
    out: machine
      .taken()
      .here!.flatMap(({ mail: from, rcpt }) =>
        rcpt.map((to) => `${from.split(' ').slice(0, 2).join(' ')} ${to.split(' ORCPT')[0]}`),
      ),
    pflogsumm: sh('pflogsumm', '/var/log/mail.log'),
    logwatch: watched,
  }
}

const letter = (subject: string) => ({ input: Buffer.from(`Subject: ${subject}\n\nhello\n`) })

async function smtp(to: string, subject: string): Promise<void> {
  const client = await dialogue(25, { host: '127.0.0.1' })
  const replies = await client.message({ from: 'friend@here.example', to, text: `Subject: ${subject}\n\nhello\n` })
  if (!replies.at(-1)!.startsWith('250')) throw new Error(replies.join('\n'))
  await client.send('QUIT')
}

/** The daemon itself, with a job that runs when it starts. */
async function fromCron(machine: Machine): Promise<string> {
  mkdirSync(join(machine.folder, 'cron'))
  sh('mount', '--bind', join(machine.folder, 'cron'), '/etc/cron.d')
  writeFileSync('/etc/cron.d/job', 'MAILTO=rich\n@reboot katie echo the job says hello\n', { mode: 0o644 })
  const cron = spawn('/usr/sbin/cron', ['-f'], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } })
  try {
    return (await machine.arrived('rich', 6)).at(-1)!
  } finally {
    cron.kill()
  }
}

/** Postfix empties its own queue, without listeners, while Postern runs: the way of docs. */
async function drained(machine: Machine, queue: () => Promise<string>): Promise<string> {
  sh('cp', '-a', '/etc/postfix/.', join(machine.folder, 'drain'))
  const folder = join(machine.folder, 'drain')
  for (const setting of ['master_service_disable=inet', 'relayhost=[10.1.0.8]'])
    sh('/usr/sbin/postconf', '-c', folder, '-e', setting)
  sh('/usr/sbin/postconf', '-e', `alternate_config_directories=${folder}`)
  const started = await machine.run(['/usr/sbin/postfix', '-c', folder, 'start'])
  if (started.exit !== 0) throw new Error(`postfix start beside Postern: ${started.err}`)
  await machine.run(['/usr/sbin/postqueue', '-c', folder, '-f'])
  await until('an empty queue', async () => /queue is empty/.test(await queue()), 20_000).catch(() => undefined)
  const left = await queue()
  await machine.run(['/usr/sbin/postfix', '-c', folder, 'stop'])
  return left
}

async function logwatch(machine: Machine): Promise<string> {
  const script = '/usr/share/logwatch/scripts/services/postfix'
  const input = Buffer.from(machine.log())
  const env = { LOGWATCH_DETAIL_LEVEL: '5', PERL5LIB: '/usr/share/logwatch/lib' }
  return (await machine.run(['perl', script], 'root', { input, env })).out
}
