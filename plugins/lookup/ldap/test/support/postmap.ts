/** What Postfix answers. It waits more than it works, so several are asked at once. */
import { spawn } from 'node:child_process'
import { programPath } from '@postern/testkit'

interface Said {
  readonly out: string
  readonly fatal: boolean
}
function postmap(args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(programPath('postmap')!, args)
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject).on('close', () => resolve({ out, fatal: err.includes('fatal') }))
    child.stdin.on('error', () => undefined).end(input)
  })
}
/** The value, `absent` or `failed`; `table` is a file, or a tag in the main.cf of `dir`. */
export async function postmapOne(table: string, key: string, dir?: string): Promise<string> {
  const { out, fatal } = await postmap([...(dir ? ['-c', dir] : []), '-q', key, `ldap:${table}`])
  return fatal ? 'failed' : out === '' ? 'absent' : out.replace(/\n$/, '')
}
/** The values of those that are found. */
export async function postmapMany(file: string, keys: readonly string[]): Promise<Map<string, string>> {
  const { out, fatal } = await postmap(['-q', '-', `ldap:${file}`], `${keys.join('\n')}\n`)
  if (fatal) throw new Error('postmap failed')
  const rows = out.split('\n').filter((row) => row !== '')
  return new Map(rows.map((row) => [row.slice(0, row.indexOf('\t')), row.slice(row.indexOf('\t') + 1)]))
}
/** Runs `make` for each, `width` at a time. */
export async function inParallel<T, R>(
  all: readonly T[],
  make: (one: T, i: number) => Promise<R>,
  width = 12,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const line = async () => {
    while (next < all.length) {
      const i = next++
      results[i] = await make(all[i]!, i)
    }
  }
  await Promise.all(Array.from({ length: width }, line))
  return results
}
