/** newaliases for a table that is named, with and without postalias beside it. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..')
const test = suite('newaliases -oA')

const inFolder = (body: (folder: string, run: (lib: string, file: string) => unknown[]) => void) => async () => {
  const { path: folder, remove } = await tempFolder('newaliases')
  try {
    writeFileSync(join(folder, 'al'), 'root: me\nnovalue:\n')
    body(folder, (lib, file) => {
      symlinkSync(join(lib, 'bin/sendmail.js'), join(folder, 'newaliases'))
      const { MAIL_CONFIG: _config, ...env } = process.env
      const ran = spawnSync(process.execPath, [join(folder, 'newaliases'), `-oA${file}`], { cwd: folder, env })
      return [ran.status, String(ran.stdout), String(ran.stderr).replaceAll(folder, '~')]
    })
  } finally {
    await remove()
  }
}
test(
  'builds it, and says what is no alias',
  inFolder((folder, run) => {
    const warning = 'postalias: warning: al, line 2: need name:value pair\n'
    assert.equal(run(PACKAGE, 'hash:al'), [0, '', warning])
    assert.ok(existsSync(join(folder, 'al.index')))
  }),
)
test(
  'ends as postalias does',
  inFolder((_folder, run) =>
    assert.equal(run(PACKAGE, 'none'), [1, '', 'postalias: fatal: open none: No such file or directory\n']),
  ),
)
for (const [file, wanted] of [
  ['hash:al', [0, '', '']],
  ['none', [75, '', "newaliases: fatal: open none: ENOENT: no such file or directory, access '~/none'\n"]],
] as const)
  test(
    `without postalias, only whether it can be read: ${file}`,
    inFolder((folder, run) => {
      const lib = join(folder, 'lib')
      mkdirSync(lib)
      for (const name of ['dist', 'bin']) cpSync(join(PACKAGE, name), join(lib, name), { recursive: true })
      writeFileSync(join(lib, 'package.json'), '{ "type": "module" }\n')
      chmodSync(lib, 0o755)
      assert.equal(run(lib, file), wanted)
    }),
  )
test.run()
