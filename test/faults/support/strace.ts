/** strace as an injector of faults (its -e inject): counts are of one thread each. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { sleep } from '@postern/testkit'

export interface Tracing {
  /** file for the calls seen, with the paths of descriptors */
  readonly output?: string
  /** further options */
  readonly more?: readonly string[]
}
/** A command in front of another: `fdatasync:error=EIO:when=3`, `rename:signal=KILL:when=1`. */
export function injecting(inject: string, o: Tracing = {}): string[] {
  const calls = inject.slice(0, inject.indexOf(':'))
  // strace 6.1 with --seccomp-bpf forgets to deliver signals
  const fast = inject.includes('signal=') ? [] : ['--seccomp-bpf']
  // -D: the tracer is the grandchild, so that signals reach the command itself
  const quiet = ['strace', '-D', '-f', ...fast, '-qq', '-y', '-s', '16', '-o', o.output ?? '/dev/null']
  return [...quiet, '-e', `trace=${calls}`, '-e', `inject=${inject}`, '-e', 'signal=none', ...(o.more ?? [])]
}
/** Injects into a running process until `stop`. */
export function inject(pid: number, what: string, o: Tracing = {}): Promise<Tracer> {
  const calls = what.slice(0, what.indexOf(':'))
  return watch(pid, calls, { ...o, more: ['-e', `inject=${what}`, ...(o.more ?? [])] })
}
export interface Tracer {
  stop(): Promise<void>
}
/** Writes down a running process's calls until `stop`. */
export async function watch(pid: number, calls: string, o: Tracing = {}): Promise<Tracer> {
  const args = ['-f', '-y', '-s', '16', '-o', o.output ?? '/dev/null', '-e', `trace=${calls}`]
  const child = spawn('strace', [...args, '-e', 'signal=none', ...(o.more ?? []), '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  for (let i = 0; i < 500 && !said.includes('attached') && child.exitCode === null; i++) await sleep(10)
  if (child.exitCode !== null) throw new Error(`strace: ${said}`)
  return {
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

/** How many writes to files whose path fits `path` ended with fewer bytes than they had; `trace` is of `pwrite64`. */
export function shortWrites(trace: string, path: RegExp): number {
  const begun = new Map<string, RegExpExecArray>()
  let short = 0
  for (const line of trace.split('\n')) {
    // 71 pwrite64(21</spool/seg/2>, "x"..., 4096, 8192) = 100, or in two lines when another thread's call comes between
    const begin = /^(\d+)\s+pwrite64\(\d+<([^>]*)>, .*, (\d+), \d+(?:\) +=| <unfinished)/.exec(line)
    if (begin) begun.set(begin[1]!, begin)
    const [, thread, written] = /^(\d+)\s.*\) += (\d+)$/.exec(line) ?? []
    const call = thread === undefined ? undefined : begun.get(thread)
    if (call && path.test(call[2]!) && Number(written) < Number(call[3])) short++
  }
  return short
}
