/** Values that Postfix's programs take or end with: asked of postmap, which reads what every program reads. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ParameterError, Parameters, parseMainCf } from '@postern/postfix-config'
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const VALUES = {
  ipc_timeout: [
    '10',
    ' +5m',
    '5mm',
    '1h30m',
    '10H',
    '',
    '-5',
    '5 s',
    '0x5',
    '5x',
    '99999999w',
    '2147483647',
    '2147483648',
  ],
  daemon_timeout: ['3549w', '3550w', '24854d', '24855d', '1y', '1.5h', '$max_idle', '${max_idle'],
  fork_attempts: ['+3', '1k', '', '99999999999', '2147483647', '0x10', '3 4'],
  message_size_limit: ['99999999999', '1M', '-1', '1.5', '9999999999999999999999'],
  helpful_warnings: ['YES', 'No', 'on', '', '1', 'y'],
  mynetworks_style: ['host', 'subnet class', 'net', 'class,class'],
  mydomain: ['example.org', '${{1} < {2'],
}
const WORDS = /bad (boolean|numerical) configuration|bad time value|mynetworks_?(style| mask)|macro processing error/

const test = suite('values and postmap')
let dir: string
test.before(() => void (dir = mkdtempSync(join(tmpdir(), 'postfix-config-'))))
test.after(() => rmSync(dir, { recursive: true }))
for (const [name, values] of Object.entries(VALUES))
  for (const value of values)
    test(`${name} = ${value}`, () => {
      const file = join(dir, 'main.cf')
      writeFileSync(file, `${name} = ${value}\n`)
      utimesSync(file, 1e9, 1e9)
      const { stderr } = spawnSync('/usr/sbin/postmap', ['-c', dir, '-q', 'a', 'static:b'], { encoding: 'utf8' })
      const theirs = stderr.split('\n').find((line) => line.includes('fatal: ') && WORDS.test(line))
      const ours = said(name, `${name} = ${value}`)
      if (theirs?.includes('macro processing')) assert.match(ours ?? '', 'macro')
      else assert.is(ours, theirs?.replace(/.*fatal: /, ''))
    })
function said(name: string, text: string): string | undefined {
  const parameters = new Parameters(parseMainCf(text))
  const kind = parameters.known(name)?.kind
  try {
    if (kind === 'time') parameters.time(name)
    else if (kind === 'int') parameters.int(name)
    else if (kind === 'bytes') parameters.size(name)
    else if (kind === 'bool') parameters.bool(name)
    else if (name === 'mynetworks_style') parameters.get('mynetworks')
    else parameters.get(name)
    return undefined
  } catch (error) {
    if (error instanceof ParameterError) return error.message
    throw error
  }
}
if (!missingPrograms('/usr/sbin/postmap')) test.run()
