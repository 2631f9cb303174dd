/** The real servers need a network of their own: the tests in real.ts run inside it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { missingPrograms } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const why = missingPrograms('unshare', 'ip', 'rpcbind', 'rpcinfo', 'ypserv', 'ypbind', 'ypmatch', '/usr/lib/yp/makedbm')
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

;(why ? test.skip : test)('rpcbind, ypserv and ypbind: see the tests above', () => {
  const own = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const inner = [process.execPath, '--import', 'tsx', here('real.ts')]
  const run = spawnSync('unshare', [...own, '-n', '-u', '-m', 'sh', here('enter.sh'), ...inner], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 90_000,
  })
  assert.is(run.status, 0)
})
test.run()
