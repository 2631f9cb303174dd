/** The same keys asked of Debian's postmap and of ours, over one memcached. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, utimes, writeFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { freePort, missingPrograms, programPath, sleep, tempFolder } from '@postern/testkit'
import { Memcached } from './server.ts'
import { STORED, closeAll, get, open } from './support.ts'

const why = missingPrograms('memcached', 'postmap')
const folder = await tempFolder('memcache')
let server: Memcached
test.before(async () => {
  if (why) return
  server = await Memcached.start(await freePort())
  for (const [key, value] of Object.entries(STORED)) await server.set(key, value)
})
test.after.each(closeAll)
test.after(async () => {
  await server?.kill()
  await folder.remove()
})

/** options in a file's names, keys */
const asked: [Record<string, string | number>, string[]][] = [
  [{}, [...Object.keys(STORED), 'none', 'A', 'UPPER@X.Example', 'a b', 'tab\there', 'x'.repeat(250)]],
  [{ key_format: 'pre:%s' }, ['a@x.example', 'a', 'none']],
  [{ key_format: '%u/%d' }, ['a@x.example', 'A@X.EXAMPLE', 'a', 'none@x.example', '@x.example', 'a@']],
  [{ key_format: '%1/%2' }, ['u@example.com', 'u@com', 'a', 'u@sub.example.com']],
  [{ key_format: '%%%s' }, ['s']],
  [{ domain: 'x.example' }, ['a@x.example', 'a', 'x.example', '@x.example', 'u@example.com']],
  [{ data_size_limit: 3 }, ['a@x.example', 'a']],
  [{ line_size_limit: 5 }, ['a']],
]
/** The answer of Debian's postmap to one key. */
async function postmap(file: string, key: string): Promise<Lookup> {
  const child = spawn(programPath('postmap')!, ['-q', key, `memcache:${file}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number]
  if (said.includes('fatal:')) return failed(said)
  return code === 0 ? found(out.slice(0, -1)) : absent()
}
for (const [options, keys] of asked)
  (why ? test.skip : test)(`as Debian's postmap: ${JSON.stringify(options)}`, async () => {
    const file = `${folder.path}/memcache.cf`
    const all = { memcache: `inet:127.0.0.1:${server.port}`, ...options }
    await writeFile(
      file,
      Object.entries(all)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join(''),
    )
    // postmap waits for a file that was written this second
    await utimes(file, 1e9, 1e9)
    const table = await open(file)
    for (const key of keys) {
      const theirs = await postmap(file, key)
      const ours = await get(table, key)
      if (theirs.kind === 'failed') assert.is(ours.kind, 'failed', `${key}: ${theirs.cause}`)
      else assert.equal(ours, theirs, key)
      // a second's rest for a server that failed is ours alone
      if (ours.kind === 'failed') await sleep(1100)
    }
  })
;(why ? test.skip : test)("as Debian's postmap, by a socket", async () => {
  // memcached makes it as nobody
  await chmod(folder.path, 0o777)
  const own = await Memcached.start(`${folder.path}/socket`)
  try {
    await own.set('k', 'v')
    const file = `${folder.path}/unix.cf`
    await writeFile(file, `memcache = unix:${folder.path}/socket\n`)
    await utimes(file, 1e9, 1e9)
    const table = await open(file)
    for (const key of ['k', 'none']) assert.equal(await get(table, key), await postmap(file, key))
    assert.equal(await get(table, 'k'), found('v'))
  } finally {
    await own.kill()
  }
})
test.run()
