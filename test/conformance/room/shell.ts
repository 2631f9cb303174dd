/** Programs of the system, each with a limit in time. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { programPath } from './testkit.ts'

export const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
const LIMIT = 60_000

/** What it printed; throws with what it said when it fails. */
export function sh(program: string, ...args: string[]): string {
  try {
    return execFileSync(programPath(program) ?? program, args, {
      encoding: 'utf8',
      timeout: LIMIT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string }
    throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout || message}`, { cause: error })
  }
}

export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}
export interface RunOptions {
  readonly input?: Buffer
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  /** ms */
  readonly limit?: number
}

/** Runs a program to its end beside what this process serves; one killed by a signal has 128 and more as its exit. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { input = Buffer.alloc(0), env, uid, limit = LIMIT } = options
  const [program, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      cwd: '/',
      env,
      timeout: limit,
      killSignal: 'SIGKILL',
      ...(uid !== undefined && { uid, gid: uid }),
    })
    const texts = [child.stdout, child.stderr].map(gather)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const [out, err] = texts.map((chunks) => Buffer.concat(chunks).toString('utf8'))
      resolve({ exit: code ?? (signal === 'SIGKILL' ? 137 : 128), out: out!, err: err! })
    })
    // a program that does not read its input
    child.stdin.on('error', () => undefined).end(input)
  })
}

function gather(stream: NonNullable<ChildProcess['stdout']>): Buffer[] {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return chunks
}
