import * as fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, strerror } from '@postern/mailboxes'

const system = (errno: number, code: string) =>
  Object.assign(new Error('words of libuv'), { errno, code, syscall: 'write' })
/** as Node gives them on Linux; name; what strerror(3) says */
const errors: [number, string, string, string][] = [
  [-122, 'Unknown system error -122', 'EDQUOT', 'Disk quota exceeded'],
  [-116, 'Unknown system error -116', 'ESTALE', 'Stale file handle'],
  [-28, 'ENOSPC', 'ENOSPC', 'No space left on device'],
  [-21, 'EISDIR', 'EISDIR', 'Is a directory'],
  [-17, 'EEXIST', 'EEXIST', 'File exists'],
  [-13, 'EACCES', 'EACCES', 'Permission denied'],
  [-5, 'EIO', 'EIO', 'Input/output error'],
]
for (const [errno, code, name, words] of errors)
  if (process.platform === 'linux')
    test(name, () => assert.equal([codeOf(system(errno, code)), strerror(system(errno, code))], [name, words]))
test('a real one, and none of the system', () => {
  const real = (() => {
    try {
      return fs.openSync('/nonexistent/x', 'r')
    } catch (error) {
      return error
    }
  })()
  assert.equal([codeOf(real), strerror(real as Error)], ['ENOENT', 'No such file or directory'])
  assert.equal([codeOf(new Error('oh')), strerror(new Error('oh'))], ['', 'Oh'])
})
test.run()
