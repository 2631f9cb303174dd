/**
 * CPU and rate of the client alone: `node --import tsx test/bench.ts [messages] [concurrency] [KiB]`. The next hop is a
 * trivial server in another process; messages have 4 KiB or as many as are said; kept connections, then a new one for each message.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { deliver, rig } from './core.ts'

function serve(): void {
  // no orphan when the measuring process dies
  process.once('disconnect', () => process.exit())
  const EHLO = Buffer.from('250-sink\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME\r\n')
  const BATCH = Buffer.from('250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n')
  const DONE = Buffer.from('250 2.0.0 Ok: queued as X\r\n')
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('220 sink\r\n')
    socket.on('data', (chunk) => {
      const first = chunk[0]
      if (chunk.length > 100) return void (chunk[chunk.length - 3] === 46 && socket.write(DONE))
      if (first === 69) socket.write(EHLO)
      else if (first === 77) socket.write(BATCH)
      else if (first === 81) socket.end('221 bye\r\n')
      else if (first === 46) socket.write(DONE)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
}

async function measure(
  what: string,
  port: number,
  options: object,
  messages: number,
  concurrency: number,
  kib: number,
): Promise<void> {
  const out = rig(options)
  const mail = {
    nexthop: `[127.0.0.1]:${port}`,
    body: 'x'
      .repeat(62)
      .concat('\r\n')
      .repeat(16 * kib),
  }
  let left = 0
  const worker = async () => {
    while (left-- > 0) {
      const { outcomes } = await deliver(out, mail)
      if (outcomes['x@remote.example']?.kind !== 'delivered') throw new Error(outcomes['x@remote.example']?.text)
    }
  }
  const round = async (n: number) => {
    left = n
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  await round(Math.min(messages, 3000))
  const cpu = process.cpuUsage()
  const began = performance.now()
  await round(messages)
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  const per = (us: number) => (us / messages).toFixed(1)
  console.log(
    `${what}: ${Math.round((messages / ms) * 1000)} msg/s, CPU ${per(user + system)} us/msg (user ${per(user)}, system ${per(system)})`,
  )
  await out.stop()
}

if (process.argv[2] === 'serve') serve()
else {
  const child = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: ['--import', 'tsx'] })
  const [port] = (await once(child, 'message')) as [number]
  const messages = Number(process.argv[2] ?? 30_000)
  const concurrency = Number(process.argv[3] ?? 1)
  const kib = Number(process.argv[4] ?? 4)
  await measure(`kept, ${concurrency} at a time`, port, {}, messages, concurrency, kib)
  const fresh = { smtpConnectionCacheOnDemand: false }
  await measure(`new connections, ${concurrency} at a time`, port, fresh, Math.min(messages, 4000), concurrency, kib)
  child.kill()
}
