import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { onSite } from './support/command.ts'

test(
  'the pipeline of each listener and of the node',
  onSite(async (site) => {
    await site.little()
    const { out } = await site.run('pipeline')
    assert.is(
      out,
      `Pipeline of postern.config.json

listener mx
  helo     little          @postern/cli@0.1.0  plugins[1]
  relay    little          @postern/cli@0.1.0  plugins[1]
  rcpt     little (users)  @postern/cli@0.1.0  plugins[1]  late
  cleanup  little          @postern/cli@0.1.0  plugins[1]  reads headers
  nobody at: connect, auth, mail, data

behind the queue, for all mail
  resolve  little          @postern/cli@0.1.0  plugins[1]
           little (way)    @postern/cli@0.1.0  plugins[1]
  deliver  little          @postern/cli@0.1.0  plugins[1]  transport nowhere
  nobody at: attempt, report
`,
    )
  }),
)

test(
  'the plugins',
  onSite(async (site) => {
    await site.little()
    const { out } = await site.run('plugins')
    assert.is(
      out,
      `Plugins of postern.config.json

USE           PLUGIN              PROVIDES            TAPS                         WHERE
memory-queue  @postern/cli@0.1.0  queueStore          -                            plugins[0]
little        @postern/cli@0.1.0  transports:nowhere  helo, relay, rcpt, cleanup,  plugins[1]
                                                      resolve
`,
    )
    const json = JSON.parse((await site.run('plugins', '--json')).out)
    assert.equal(
      json.map((p: any) => [p.use, p.provides]),
      [
        ['memory-queue', ['queueStore']],
        ['little', ['transports:nowhere']],
      ],
    )
  }),
)

for (const kind of ['null-client', 'server', 'relay'])
  for (const [flag, file] of [
    [[], 'postern.config.yaml'],
    [['--ts'], 'postern.config.ts'],
  ] as const)
    test(
      `init writes ${file} for a ${kind}, and it checks`,
      onSite(async (site) => {
        const written = await site.run('init', '--kind', kind, ...flag)
        assert.equal([written.code, written.err], [0, ''])
        assert.equal(await site.run('check'), { code: 0, out: `ok: ${file}\n`, err: '' })
        const again = await site.run('init', '--kind', kind, ...flag)
        assert.is(again.code, 73)
        assert.match(again.err, /is here already/)
        const forced = await site.run('init', '--kind', 'server', '--force', ...flag)
        assert.is(forced.code, 0)
        assert.match(await readFile(path.join(site.folder, file), 'utf8'), /a small server/i)
      }),
    )

test(
  'init does not write what another file would hide',
  onSite(async (site) => {
    await site.little()
    const { code, err } = await site.run('init', '--force')
    assert.is(code, 73)
    assert.match(err, /postern\.config\.json would be read instead/)
  }),
)

test.run()
