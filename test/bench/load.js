/** The load: Postfix's own smtp-source and smtp-sink, on loopback only. */
import { spawn } from 'node:child_process'
import net from 'node:net'

export function freePort() {
  return new Promise((resolve, reject) => {
    const s = net.createServer()
    s.on('error', reject)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
  })
}
export async function listening(port, ms = 20_000) {
  const end = Date.now() + ms
  while (Date.now() < end) {
    if (await tryConnect(port)) return
    await new Promise((r) => setTimeout(r, 50))
  }
  throw new Error(`nothing listens on 127.0.0.1:${port} after ${ms} ms`)
}
const tryConnect = (port) =>
  new Promise((resolve) => {
    const s = net.connect(port, '127.0.0.1')
    const end = (good) => {
      s.destroy()
      resolve(good)
    }
    s.once('data', () => end(true))
    for (const over of ['error', 'close']) s.once(over, () => end(false))
    s.setTimeout(1000, () => end(false))
  })

export function source({ port, count, sessions, size, keep, to = 'u@bench.test', ms = 120_000 }) {
  const args = [
    '-s',
    String(sessions),
    '-m',
    String(count),
    '-l',
    String(size),
    ...(keep ? ['-d'] : []),
    '-N',
    '-f',
    'bench@sender.test',
    '-t',
    to,
    `127.0.0.1:${port}`,
  ]
  return run('smtp-source', args, ms)
}
function run(command, args, ms) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: ms })
    let err = ''
    child.stderr.on('data', (d) => (err += d))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${err.slice(0, 500)}`)),
    )
  })
}

/**
 * A command with as many open files as the system's hard limit lets it have: thousands of connections need them. The shell
 * becomes the command, so that the process's id is its own.
 */
export const unlimited = (command, args) => [
  'sh',
  ['-c', 'ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"', command, ...args],
]

const children = new Set()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
/** A child that does not outlive the bench, however that ends. */
export function ours(child) {
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

/** smtp-sink with its counter. */
export class Sink {
  #child
  #count = 0
  static async start() {
    const sink = new Sink()
    sink.port = await freePort()
    const user = process.getuid() === 0 ? ['-u', 'nobody'] : []
    const args = [...user, '-c', '-m', '2000', `127.0.0.1:${sink.port}`, '1000']
    sink.#child = ours(spawn('smtp-sink', args, { stdio: ['ignore', 'pipe', 'ignore'] }))
    sink.#child.stdout.setEncoding('latin1')
    sink.#child.stdout.on('data', (text) => {
      const all = [...text.matchAll(/mesg=(\d+)/g)]
      if (all.length > 0) sink.#count = Number(all[all.length - 1][1])
    })
    await listening(sink.port)
    return sink
  }
  count() {
    return this.#count
  }
  async stop() {
    const gone = new Promise((r) => this.#child.once('close', r))
    this.#child.kill('SIGTERM')
    await gone
  }
}
