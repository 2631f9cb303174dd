/** MB/s of bodies and CPU time per message: `node --import tsx plugins/listen/smtp/test/bench.ts`. Not a test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { run } from './support/host.ts'

const MB = 1e6
const MESSAGE = `Subject: bench\r\n\r\n${'0123456789 abcdefghij klmnopqrst uvwxyz\r\n'.repeat(24)}.\r\n`

/** Part of this process: the server. What the client costs is another process's. */
async function serve(): Promise<void> {
  const server = await run(
    { messageSizeLimit: 0, smtpdClientConnectionCountLimit: 0 },
    { discard: true, rcpt: () => undefined },
  )
  process.on('message', () => process.send!({ port: server.port, cpu: process.cpuUsage() }))
  process.send!({ port: server.port, cpu: process.cpuUsage() })
}

interface Report {
  port: number
  cpu: NodeJS.CpuUsage
}
async function client(): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ask = async (): Promise<Report> => {
    const answer = once(child, 'message')
    child.send('cpu')
    return ((await answer) as [Report])[0]
  }
  const [{ port }] = (await once(child, 'message')) as [Report]
  const spent = async (work: () => Promise<void>): Promise<{ us: number; ms: number }> => {
    const before = await ask()
    const start = performance.now()
    await work()
    const ms = performance.now() - start
    const after = await ask()
    return { us: after.cpu.user - before.cpu.user + after.cpu.system - before.cpu.system, ms }
  }
  const bodies: [string, string][] = [
    ['plain', `${'x'.repeat(76)}\r\n`],
    ['dotted', `..${'x'.repeat(74)}\r\n`],
    ['only ".."', '..\r\n'],
    ['bare LF', `${'x'.repeat(76)}\n`],
    ['short lines', 'a\r\n'],
  ]
  for (const [name, line] of bodies) {
    const body = Buffer.from(line.repeat(Math.floor((64 * MB) / line.length)))
    await message(port, body)
    const { us, ms } = await spent(async () => {
      for (let i = 0; i < 5; i++) await message(port, body)
    })
    const total = (5 * body.length) / MB
    console.log(
      `${name.padEnd(12)} ${(total / (us / 1e6)).toFixed(0)} MB per CPU second, ${(total / (ms / 1e3)).toFixed(0)} MB/s`,
    )
  }
  for (const [name, pipelined] of [
    ['one command at a time', false],
    ['pipelined', true],
  ] as const) {
    await dialogues(port, 20, 500, pipelined)
    const { us, ms } = await spent(() => dialogues(port, 20, 2000, pipelined))
    console.log(
      `${name.padEnd(22)} ${(us / 40000).toFixed(1)} us CPU per message, ${(40000 / (ms / 1e3)).toFixed(0)} messages/s`,
    )
  }
  child.disconnect()
  child.kill()
}

async function message(port: number, body: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'data')
  socket.write('EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n')
  await seen(socket, '354 ')
  socket.write(body)
  socket.write('.\r\n')
  await seen(socket, 'queued')
  socket.destroy()
}
async function seen(socket: ReturnType<typeof connect>, text: string): Promise<void> {
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    if (chunk.includes(text)) return
  }
}

/** Kept connections; each sends `count` messages. */
async function dialogues(port: number, connections: number, count: number, pipelined: boolean): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => talk(port, count, pipelined)))
}
function talk(port: number, count: number, pipelined: boolean): Promise<void> {
  const envelope = ['MAIL FROM:<a@b.example> SIZE=1000\r\n', 'RCPT TO:<c@d.example>\r\n', 'DATA\r\n']
  const steps = pipelined ? [envelope.join(''), MESSAGE] : [...envelope, MESSAGE]
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let step = -2
  let left = count
  return new Promise((done, failed) => {
    socket.on('error', failed)
    socket.on('data', (chunk) => {
      step++
      if (step === -1) return void socket.write('EHLO x\r\n')
      if (step > 0 && pipelined && step % 2 === 1 && !chunk.includes('354 ')) return void step--
      if (step === steps.length) {
        step = 0
        if (--left === 0) {
          socket.destroy()
          return done()
        }
      }
      socket.write(steps[step]!)
    })
  })
}

await (process.argv[2] === 'serve' ? serve() : client())
