import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { headersOf, maildir, tempFolder } from '@postern/testkit'

test('messages of new and cur; one that does not exist is empty', async () => {
  const folder = await tempFolder()
  const box = maildir(join(folder.path, 'Maildir'))
  assert.equal(await box.messages(), [])
  for (const sub of ['new', 'cur', 'tmp']) await mkdir(join(folder.path, 'Maildir', sub), { recursive: true })
  await writeFile(join(folder.path, 'Maildir/tmp/0'), 'not yet')
  const waiting = box.waitFor(2)
  await writeFile(join(folder.path, 'Maildir/new/2'), 'Subject: two\n\nbody\n')
  await writeFile(join(folder.path, 'Maildir/cur/1'), 'Subject: one\n folded\nX: y\n\nfirst\n\nsecond\n')
  const [one, two] = await waiting
  assert.is(one?.header('subject'), 'one folded')
  assert.is(one?.body, 'first\n\nsecond\n')
  assert.is(two?.file, 'new/2')
  assert.is(two?.header('missing'), undefined)
  await folder.remove()
})

test('headers: folded, empty, without a body', () => {
  const cases: [string, [string, string][]][] = [
    ['A: b\r\n\tc\r\n\r\nd', [['A', 'b\tc']]],
    ['A: b', [['A', 'b']]],
    ['\nA: b', []],
    [
      'A:\nB: x ',
      [
        ['A', ''],
        ['B', 'x'],
      ],
    ],
  ]
  for (const [text, headers] of cases) assert.equal(headersOf(text), headers, JSON.stringify(text))
})

test.run()
