/** Starts a play in namespaces of its own and hands back its answer. */
import { execFile } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../conformance/cases.ts'

const NAMESPACES = ['-n', '-m', '-u', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'sh']
const INSIDE = new URL('inside.ts', import.meta.url).pathname

/** Throws what the play threw, and when it takes longer than `limit` ms. */
export async function played<T>(name: string, args: readonly string[] = [], limit = 120_000): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pmach-'))
  try {
    const inner = [process.execPath, '--import', 'tsx', INSIDE, folder, name, ...args]
    const options = { cwd: ROOT, timeout: limit, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const
    const { stdout } = await promisify(execFile)('unshare', [...NAMESPACES, ...inner], options)
    const { answer, error } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { answer: T; error?: string }
    if (error !== undefined) throw new Error(error)
    return answer
  } finally {
    await rmdir(folder)
  }
}
