/** Everything packed, installed into an empty folder with a configuration and a third-party plugin: it starts and delivers. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort, maildir, startProcess, tempFolder } from '@postern/testkit'
import { packAll } from './tools/pack.js'

const PLUGIN = `import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'
export default definePlugin({
  name: 'postern-plugin-stamp',
  options: z.strictObject({ stamp: z.string() }),
  apply(mta, options) {
    mta.cleanup.tap({ body: 'headers' }, () => edits([header.insert('X-Stamp', options.stamp)]))
  },
})
`
const TYPES = `import { definePlugin, defineConfig, refuse } from '@postern/core'
import listenSmtp from '@postern/listen-smtp'
import policyRelay from '@postern/policy-relay'
import { tap } from '@postern/testkit'
import { z } from 'zod'
const mine = definePlugin({ name: 'mine', options: z.strictObject({ n: z.number() }), apply: (mta, o) => mta.rcpt.tap(() => (o.n > 1 ? refuse('5.7.1', 'no') : undefined)) })
export default defineConfig({ plugins: [mine({ n: 2 }), listenSmtp({ listen: ['127.0.0.1:2525'] }), policyRelay()] })
// @ts-expect-error n is a number
export const wrong = mine({ n: 'two' })
export const tried = tap(mine, { n: 2 })
`

test('installed from tarballs it starts, delivers, and its types resolve', async () => {
  const room = await tempFolder('postern-packed')
  const folder = join(room.path, 'site')
  await mkdir(join(folder, 'node_modules/postern-plugin-stamp'), { recursive: true })
  const npm = (...args: string[]) => {
    const run = spawnSync('npm', args, { cwd: folder, encoding: 'utf8', timeout: 100_000 })
    assert.is(run.status, 0, run.stdout + run.stderr)
  }
  try {
    const tarballs = packAll(process.cwd(), join(room.path, 'tarballs'))
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    npm('install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
    await mkdir(join(folder, 'node_modules/postern-plugin-stamp'), { recursive: true })
    await writeFile(join(folder, 'node_modules/postern-plugin-stamp/index.js'), PLUGIN)
    await writeFile(
      join(folder, 'node_modules/postern-plugin-stamp/package.json'),
      '{ "name": "postern-plugin-stamp", "version": "1.2.3", "type": "module", "exports": "./index.js" }\n',
    )
    const port = await freePort()
    const config = `extends: standard
myhostname: packed.example.org
plugins:
  - listen-smtp: { listen: ['127.0.0.1:${port}'] }
    as: mx
  - stamp: { stamp: third party }
`
    await writeFile(join(folder, 'postern.config.yaml'), config)
    const command = [
      process.execPath,
      join(folder, 'node_modules/@postern/cli/bin/postern.js'),
      'start',
      '--foreground',
      '-c',
    ]
    const mta = await startProcess(join(folder, 'postern.config.yaml'), { ports: [port], command, cwd: folder })
    try {
      const d = await mta.dialogue(port)
      await d.message({ from: 'a@b.example', to: 'you@packed.example.org', text: 'Subject: packed\n\nhello\n' })
      const [m] = await maildir(join(folder, 'var/mail/you')).waitFor(1)
      assert.is(m!.header('X-Stamp'), 'third party')
      await d.close()
      assert.is(await mta.stop(), 0, mta.output)
    } finally {
      await mta.remove()
    }
    await writeFile(join(folder, 'types.ts'), TYPES)
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'NodeNext',
      '--target',
      'ES2023',
      '--typeRoots',
      join(process.cwd(), 'node_modules/@types'),
      '--types',
      'node',
      'types.ts',
    ]
    const checked = spawnSync(process.execPath, [tsc, ...flags], { cwd: folder, encoding: 'utf8' })
    assert.is(checked.stdout, '')
  } finally {
    await room.remove()
  }
})

test.run()
