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
export async function inject(pid: number, what: string, o: Tracing = {}): Promise<{ stop(): Promise<void> }> {
  const calls = what.slice(0, what.indexOf(':'))
  const args = ['-f', '-y', '-s', '16', '-o', o.output ?? '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${what}`]
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
