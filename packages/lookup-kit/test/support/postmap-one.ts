/** What Postfix's postmap(1) answers. */
import { spawn } from 'node:child_process'
import { programPath } from '@postern/testkit'

/** `found VALUE`, `absent` or `failed` */
export async function postmap(key: string, table: string): Promise<string> {
  const child = spawn(programPath('postmap')!, ['-q', key, table], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  })
  let out = ''
  let error = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text))
  const status = await new Promise<number | null>((done) => child.on('close', done))
  if (status === 0) return `found ${out.replace(/\n$/, '')}`
  return status === 1 && error === '' ? 'absent' : 'failed'
}
