import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const child = join(import.meta.dirname, 'full-disk.child.ts')
/** Runs the child on a small file system in a mount namespace of its own; `undefined` where that is not allowed. */
function on(
  prepare: (dir: string) => string,
): { outcomes: { kind: string; esc: string; text: string }[]; left: string[] } | undefined {
  const dir = fs.mkdtempSync(join(os.tmpdir(), 'maildir-full-'))
  try {
    const mount = `mount -t tmpfs -o size=128k,mode=0700 none '${dir}'`
    if (spawnSync('unshare', ['-m', 'sh', '-c', mount]).status !== 0) return undefined
    const script = `${mount} && ${prepare(dir)} && exec '${process.execPath}' --import tsx '${child}' '${dir}'`
    const run = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8', timeout: 30_000 })
    assert.is(run.status, 0, run.stderr)
    return JSON.parse(run.stdout)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

/** what is wrong, how it comes about, code, text */
const faults: [string, (dir: string) => string, string, RegExp][] = [
  ['full', () => 'true', '4.3.0', /^maildir delivery failed: error writing message: No space left on device$/],
  [
    'read-only',
    (dir) => `mount -o remount,ro '${dir}'`,
    '4.2.0',
    /^maildir delivery failed: create maildir folder .*: Read-only file system$/,
  ],
]
for (const [title, prepare, esc, text] of faults) {
  test(`disk ${title}: deferred, and nothing is left`, () => {
    const result = on(prepare)
    // mounting needs root
    if (!result) return
    for (const outcome of result.outcomes) {
      assert.equal([outcome.kind, outcome.esc], ['deferred', esc])
      assert.match(outcome.text, text)
    }
    assert.equal(result.left, [])
  })
}

test.run()
