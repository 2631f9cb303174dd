/** Each configuration of examples/ is started by the command and used. */
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue, freePorts, maildir, nextHop, startProcess, tempFolder, until } from '@postern/testkit'
import type { MtaProcess } from '@postern/testkit'

const ROOT = process.cwd()

/** A copy of the example beside the workspace's packages, so that it leaves nothing in the checkout. */
async function withExample(
  name: string,
  file: string,
  env: (ports: number[]) => Record<string, string>,
  use: (mta: MtaProcess, folder: string, ports: number[]) => Promise<void>,
  prepare?: (folder: string) => Promise<void>,
): Promise<void> {
  const room = await tempFolder('postern-example')
  const folder = join(room.path, name)
  await mkdir(folder)
  await cp(join(ROOT, 'examples', name), folder, { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(room.path, 'node_modules'))
  await prepare?.(folder)
  const ports = await freePorts(2)
  let mta: MtaProcess | undefined
  try {
    mta = await startProcess(join(folder, file), {
      ports: name === 'small-server' ? ports : ports.slice(0, 1),
      env: env(ports),
    })
    await use(mta, folder, ports)
    assert.is(await mta.stop(), 0, mta.output)
  } finally {
    await mta?.remove()
    await room.remove()
  }
}

test('null client: everything leaves by the smarthost', async () => {
  const hop = await nextHop()
  const env = ([port]: number[]) => ({ PORT: String(port), SMARTHOST: `[127.0.0.1]:${hop.port}` })
  try {
    await withExample('null-client', 'postern.config.yaml', env, async (_mta, _folder, [port]) => {
      const d = await dialogue(port!)
      await d.message({
        from: 'root@client.example.org',
        to: ['ann@example.org', 'x@far.example'],
        text: 'Subject: cron\n\ndone\n',
      })
      const got = await hop.waitFor(1)
      assert.match(JSON.stringify(got), /ann@example\.org/)
      assert.match(JSON.stringify(got), /x@far\.example/)
    })
  } finally {
    await hop.stop()
  }
})

test('small server: Maildir for those who exist, greylisting, an archive, submission', async () => {
  const hop = await nextHop()
  const env = ([port, submission]: number[]) => ({
    PORT: String(port),
    SUBMISSION_PORT: String(submission),
    SMARTHOST: `[127.0.0.1]:${hop.port}`,
  })
  try {
    await withExample('small-server', 'postern.config.ts', env, async (mta, folder, [port, submission]) => {
      const mx = await mta.dialogue(port)
      await mx.send('EHLO stranger.example')
      await mx.send('MAIL FROM:<s@stranger.example>')
      assert.match(
        await mx.send('RCPT TO:<ann@example.org>'),
        /^450 4\.2\.0 <ann@example\.org>: Recipient address rejected: Greylisted/,
      )
      assert.match(await mx.send('RCPT TO:<x@far.example>'), /^454 4\.7\.1 <x@far\.example>: Relay access denied/)
      await mx.send('QUIT')
      const own = await mta.dialogue(submission)
      const replies = await own.message({
        from: 'ben@example.org',
        to: ['ann+news@example.org', 'archive@example.org', 'x@far.example'],
        text: 'Subject: all three\n\nhello\n',
      })
      assert.match(replies.at(-1)!, /^250 2\.0\.0 Ok: queued as/)
      const [m] = await maildir(join(folder, 'mail/example.org/ann')).waitFor(1)
      assert.is(m!.header('Subject'), 'all three')
      await hop.waitFor(1)
      const nobody = await mta.dialogue(submission)
      await nobody.send('EHLO x')
      await nobody.send('MAIL FROM:<ben@example.org>')
      assert.match(
        await nobody.send('RCPT TO:<nobody@example.org>'),
        /^550 5\.1\.1 <nobody@example\.org>: Recipient address rejected: User unknown in virtual mailbox table/,
      )
      await nobody.send('QUIT')
      const text = await until('the archive', async () => {
        const [file] = await readdir(join(folder, 'archive')).catch(() => [] as string[])
        return file && (await readFile(join(folder, 'archive', file), 'utf8'))
      })
      assert.match(text, /Subject: all three\r\n\r\nhello\r\n$/)
    })
  } finally {
    await hop.stop()
  }
})

test('relay gateway: known recipients of customers only, each to its own server', async () => {
  const one = await nextHop()
  const two = await nextHop()
  const env = ([port]: number[]) => ({ PORT: String(port), TRANSPORT: 'transport.test' })
  try {
    const table = `customer-one.example smtp:[127.0.0.1]:${one.port}\ncustomer-two.example smtp:[127.0.0.1]:${two.port}\n`
    const prepare = (folder: string) => writeFile(join(folder, 'transport.test'), table)
    const use = async (mta: MtaProcess, _folder: string, [port]: number[]) => {
      const d = await mta.dialogue(port)
      await d.send('EHLO stranger.example')
      await d.send('MAIL FROM:<s@stranger.example>')
      assert.match(await d.send('RCPT TO:<sales@customer-one.example>'), /^250 /)
      assert.match(await d.send('RCPT TO:<anybody@customer-two.example>'), /^250 /)
      assert.match(
        await d.send('RCPT TO:<nobody@customer-one.example>'),
        /^550 5\.1\.1 .*User unknown in relay recipient table/,
      )
      assert.match(await d.send('RCPT TO:<x@far.example>'), /^554 5\.7\.1 <x@far\.example>: Relay access denied/)
      await d.send('DATA')
      assert.match(await d.data('Subject: offer\n\nbuy\n'), /^250 /)
      for (const hop of [one, two]) assert.match(JSON.stringify(await hop.waitFor(1)), /Subject: \[External\] offer/)
    }
    await withExample('relay-gateway', 'postern.config.yaml', env, use, prepare)
  } finally {
    await one.stop()
    await two.stop()
  }
})
test.run()
