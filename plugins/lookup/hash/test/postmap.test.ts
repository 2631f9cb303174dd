/** The same keys asked of Postfix's postmap and of ours. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import { missingPrograms, programPath } from '@postern/testkit'
import { build, generated, postmapAnswers } from '../../../../packages/cdb/test/support/postmap.ts'
import { Desk, all, get } from './support.ts'

const why = missingPrograms('postmap', 'postalias')
const real = why ? test.skip : test
let desk: Desk
test.before.each(() => void (desk = new Desk()))
test.after.each(() => desk.remove())

/** type, bytes above which a text is indexed */
const ways: [string, number][] = [
  ['hash', 1e9],
  ['btree', 0],
  ['texthash', 1e9],
  ['texthash', 0],
]
for (const [n, [type, indexAbove]] of ways.entries())
  real(`the same answers as postmap -q: ${type}, ${indexAbove === 0 ? 'indexed' : 'in memory'}`, async () => {
    const own = new Desk(indexAbove)
    let asked = 0
    try {
      for (const seed of [10 + n, 20 + n]) {
        const { text, keys } = generated(seed, 1500)
        own.write(text)
        if (type !== 'texthash') build('postmap', `${type}:${own.path()}`)
        const theirs = postmapAnswers(`${type}:${own.path()}`, keys)
        const table = await own.open('table', type)
        for (const [i, key] of keys.entries())
          assert.equal(await get(table, key), theirs[i] === undefined ? absent() : found(theirs[i]), key)
        assert.is(table.stats!().indexed, indexAbove === 0 ? 1 : 0)
        assert.ok(theirs.filter((one) => one !== undefined).length > 1000)
        asked += keys.length
        await table.close!()
      }
      process.stdout.write(`# ${asked} keys\n`)
    } finally {
      own.remove()
    }
  })

const ALIASES = `# people
Root: joe,  jane
"quoted name": x
two   words : y
big: "|/bin/p a b", :include:/x/y,
  c@d
a@b: c
noval:
x,y: z
list : a , b
\\esc: q
"a:b": colon
"at@home": sign
A.b+c: w
root: second
spaces:  x   y ,z,"q  q" ,  u @ h , <v@w>, (c  c) d, |/a/b   c,  :include:/x
`
real('aliases: the same answers as postalias -q', async () => {
  desk.write(ALIASES)
  const table = await desk.open({ file: 'table', format: 'aliases' })
  const keys =
    'root ROOT postmaster,quoted name,two words,big,a@b,noval,x,y,list,esc,\\esc,a:b,at@home,a.b+c,spaces,"a:b"'.split(
      ',',
    )
  fs.copyFileSync(desk.path(), desk.path('theirs'))
  build('postalias', `hash:${desk.path('theirs')}`)
  const theirs = keys.map((key) => {
    const run = spawnSync(programPath('postalias')!, ['-q', key, `hash:${desk.path('theirs')}`], { encoding: 'utf8' })
    return run.status === 0 ? run.stdout.trimEnd() : undefined
  })
  for (const [i, key] of keys.entries()) {
    const answer = await get(table, key)
    assert.is(answer.kind === 'found' ? answer.value : undefined, theirs[i], key)
  }
  const warned = spawnSync(programPath('postalias')!, [`hash:${desk.path('theirs')}`], { encoding: 'utf8' }).stderr
  assert.is(warned.match(/need name:value pair/g)?.length, 2)
  const told = desk.events
    .filter(([name]) => name === 'table.line')
    .map(([, f]) => `${String(f.line)}: ${String(f.problem)}`)
  assert.equal(told, [
    '7: name must be local',
    '8: need name:value pair',
    '9: need name:value pair',
    '15: duplicate entry: "root"',
  ])
  assert.is((await all(table)).length, 10)
  await table.close!()
})
real('what build says of lines is what postmap says', async () => {
  desk.write(Buffer.from('a 1\nlone\nx: y\n"open z\nb \xff\n', 'latin1'))
  const { problems } = await desk.build()
  const run = spawnSync(programPath('postmap')!, [`hash:${desk.path()}`], { encoding: 'utf8' })
  assert.equal(
    problems.map((line) => `postmap: warning: ${line}`),
    run.stderr.trimEnd().split('\n'),
  )
})
real('only the binary of Postfix is there: the problem says what to do', async () => {
  desk.write('a b\n')
  build('postmap', `hash:${desk.path()}`)
  fs.rmSync(desk.path())
  const table = await desk.open()
  const problem = (await table.check!()) ?? ''
  assert.match(problem, `table.db, which is not read here: make the text of it with "postmap -s hash:${desk.path()} > `)
  assert.equal(await get(table, 'a'), { kind: 'failed', why: 'retry', cause: problem })
  // and it works
  const shell = /"(postmap [^"]*)"/.exec(problem)![1]!
  assert.is(spawnSync('sh', ['-c', shell.replace('postmap', programPath('postmap')!)]).status, 0)
  desk.now += 1000
  assert.equal(await get(table, 'a'), found('b'))
  await table.close!()
})
test.run()
