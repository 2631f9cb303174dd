/** Starts inside.ts in namespaces of its own and hands back its answer. */
import { spawn } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HERE, ROOT } from './cases.ts'
import type { Answer, Order } from './inside.ts'

/**
 * Network, mounts, host name and processes. With the last one everything that a case has started ends with it; sh is there because
 * somebody must take the dead: a server looks whether a process is gone, and Node only takes its own.
 */
const UNSHARE = ['-n', '-m', '-u', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'sh']

export interface Answered extends Answer {
  readonly ms: number
}

const running = new Set<() => void>()
let over = false
/** Ends all that run, and nothing is begun any more; their folders are taken away as usual. */
export function endAll(): void {
  over = true
  for (const end of running) end()
}

/** `limit` in ms; `order` without the room, which is made here and taken away. */
export async function runInside(order: Omit<Order, 'room'>, limit: number): Promise<Answered> {
  if (over) return { error: 'not begun', ms: 0 }
  const room = await mkdtemp(join(tmpdir(), 'pfc-'))
  const began = Date.now()
  try {
    const answer = await inNamespaces({ ...order, room }, limit)
    return { ...answer, ms: Date.now() - began }
  } finally {
    // what was mounted there is gone with the namespace; only an empty folder can be left
    await rmdir(room)
  }
}

function inNamespaces(order: Order, limit: number): Promise<Answer> {
  const inner = [process.execPath, '--import', 'tsx', join(HERE, 'inside.ts'), JSON.stringify(order)]
  return new Promise((resolve) => {
    const child = spawn('unshare', [...UNSHARE, ...inner], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err, late] = ['', '', false]
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    const end = () => child.kill('SIGKILL')
    const timer = setTimeout(() => {
      late = true
      end()
    }, limit)
    running.add(end)
    child.once('error', (error) => resolve({ error: error.message }))
    child.once('close', () => {
      clearTimeout(timer)
      running.delete(end)
      if (late) resolve({ error: `not at its end after ${limit / 1000} s`, output: err })
      else resolve(answerIn(out) ?? { error: `broke off: ${err || out || 'nothing was said'}` })
    })
  })
}

function answerIn(out: string): Answer | undefined {
  const line = out.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as Answer
  } catch {
    // it ended before it answered; the caller tells what it said
    return undefined
  }
}
