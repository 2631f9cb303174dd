/** Random folders, hostile ones among them: what Debian's postconf makes of them, and what this package does. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Parameters, parseMainCf, parseMasterCf, problemsIn, readMainCf, readMasterCf } from '@postern/postfix-config'
import { undefinedNames, unknownNames } from '@postern/postfix-config'
import type { MainCf, MasterCf, Service } from '@postern/postfix-config'
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice, mainCf, masterCf } from './support/generate.ts'
import { oneBlank, postconf, valuesOf } from './support/postconf.ts'

/** FOLDERS=2000 SEED=7 for a long run. */
const FOLDERS = Number(process.env.FOLDERS ?? 6)
const SEED = Number(process.env.SEED ?? 1)
/** a process has them, a reader of files has not */
const OF_PROCESS = new Set(['process_id', 'process_name', 'config_directory'])
const MACRO =
  /expected at|bad operator suffix|syntax error at|unexpected input|empty macro|truncated macro|nesting|malformed comp/
const BRACES = /missing '\}'|after '\}'|at start of text|attribute name: "/

const test = suite('postconf')
let dir: string
test.before(() => void (dir = mkdtempSync(join(tmpdir(), 'postfix-config-'))))
test.after(() => rmSync(dir, { recursive: true }))

for (const wild of [0, 4, 30])
  test(`${FOLDERS} folders, ${wild} of 100 choices wild`, async () => {
    let compared = 0
    for (let n = 0; n < FOLDERS; n++) {
      const dice = new Dice(SEED * 1e6 + wild * 1e4 + n)
      const files = { main: mainCf(dice, wild), master: masterCf(dice, wild) }
      writeFileSync(join(dir, 'main.cf'), files.main)
      writeFileSync(join(dir, 'master.cf'), files.master)
      // Postfix waits until a file is no longer new, and reads it again
      utimesSync(join(dir, 'main.cf'), 1e9, 1e9)
      const [main, master] = [await readMainCf(dir), await readMasterCf(dir)]
      const different = differences(dir, main, master)
      if (different === undefined) compared++
      else if (different.length > 0)
        assert.unreachable(
          `seed ${SEED}, wild ${wild}, folder ${n}: ${different.join('\n')}\n${JSON.stringify(files, null, 1)}`,
        )
    }
    // of folders that nothing is wrong with all are compared
    if (wild === 0) assert.ok(compared > FOLDERS / 2, `${compared} compared`)
  })

/** In a warning, each byte that is no printable ASCII is a question mark. */
const printable = (text: string) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^ -~]/g, '?')

/** Nothing different: [] where Postfix gives up too, undefined where all values were compared. */
function differences(dir: string, main: MainCf, master: MasterCf): string[] | undefined {
  const theirs = postconf(dir, '-x')
  const fatal = problemsIn(main, master).filter((p) => p.fatal)
  const ours = fatal.map((p) => printable(p.text))
  if (theirs.fatal !== undefined) {
    const heard = theirs.warnings.filter((w) => MACRO.test(w))
    if (/^SIG/.test(theirs.fatal)) return ours.some((t) => t.includes('nesting')) ? [] : [`crash: ${theirs.fatal}`]
    // what Postfix gave up for must be among ours
    const reasons = /macro processing error/.test(theirs.fatal) ? heard : [theirs.fatal]
    // a circle is noticed at one of its names
    const circle = reasons.some((r) => r.includes('nesting')) && ours.some((text) => text.includes('nesting'))
    const known = circle || ours.some((text) => reasons.some((r) => text.includes(r)) || theirs.fatal!.includes(text))
    const field = /invalid \w+ field|bad field count/.test(theirs.fatal) && master.problems.some((p) => p.fatal)
    return known || field
      ? []
      : [`postconf: ${theirs.fatal} (${reasons.join('; ')})`, `here: ${ours.join('; ') || 'nothing'}`]
  }
  // postconf takes the -o of two entries with one name together, the master takes the last
  if (master.services.length < master.entries.length) return []
  // what the master ends with while postconf lets it pass
  if (master.problems.some((p) => p.fatal && !BRACES.test(p.text))) return []
  return wrongValues(dir, main, master) ?? wrongNames(dir, main, master) ?? wrongServices(dir, main, master)
}

function wrongValues(dir: string, main: MainCf, master: MasterCf): string[] | undefined {
  const all = new Parameters(main, [], { services: master.services })
  const wrong = [...valuesOf(postconf(dir, '-x'))].flatMap(([name, value]) => {
    if (OF_PROCESS.has(name)) return []
    const own = oneBlank(all.get(name))
    return own === value ? [] : [`${name}: postconf "${value}", here "${own}"`]
  })
  return wrong.length > 0 ? wrong : undefined
}

function wrongNames(dir: string, main: MainCf, master: MasterCf): string[] | undefined {
  const { warnings } = postconf(dir, '-n')
  const after = (text: string) =>
    warnings.filter((w) => w.includes(`: ${text}: `)).map((w) => w.slice(w.indexOf(text) + text.length + 2))
  const unused = unknownNames(main, master).map(({ name, value }) => printable(`${name}=${value}`))
  return (
    unequal('unused', after('unused parameter'), unused) ??
    unequal('undefined', [...new Set(after('undefined parameter'))], undefinedNames(main, master))
  )
}
function unequal(what: string, theirs: string[], ours: string[]): string[] | undefined {
  const [a, b] = [theirs.sort(), ours.sort()].map((list) => JSON.stringify(list))
  return a === b ? undefined : [`${what}: postconf ${a}, here ${b}`]
}

function wrongServices(dir: string, main: MainCf, master: MasterCf): string[] | undefined {
  const theirs = postconf(dir, '-M')
  const different = unequal('services', theirs.lines.map(oneBlank), master.entries.map(printed))
  if (different) return different
  const all = new Parameters(main, [], { services: master.services })
  const said = postconf(dir, '-P', '-x')
  const wrong = problemsIn(main, master).some((p) => p.fatal)
  if (said.fatal !== undefined) return wrong ? [] : [`-P -x: ${said.fatal}, here nothing`]
  const expanded = valuesOf(said)
  const ours = master.services.flatMap((service) =>
    service.overrides.map(({ name }): [string, string] => {
      const at = `${service.name}/${service.type}/${name}`
      // of a service postconf expands what is expanded at its use, too
      const own = all.forService(service)
      return [at, oneBlank(own.expand(own.raw(name)!))]
    }),
  )
  return unequal('overrides', [...expanded].map(String), [...new Map(ours)].map(String))
}
/** As postconf -M prints it. */
function printed({ fields, args, overrides, attributes }: Service): string {
  const settings = args.slice(0, args.length - attributes.length)
  const quoted = (word: string) => (/[ \t\r\n]/.test(word) ? `{${word}}` : word)
  assert.ok(overrides.length <= settings.length)
  const options = settings.map((word, i) => (settings[i - 1] === '-o' ? quoted(word) : word))
  // the first one loses its braces there
  const rest = attributes.map((word, i) => (i === 0 ? word : quoted(word)))
  return oneBlank([...fields, ...options, ...rest].join(' '))
}

test('the generator makes what it is for', () => {
  const count = (make: (dice: Dice) => boolean) =>
    Array.from({ length: 300 }, (_, n) => make(new Dice(n))).filter(Boolean).length
  assert.ok(count((dice) => parseMainCf(mainCf(dice, 30)).problems.length > 0) > 50)
  assert.ok(count((dice) => parseMasterCf(masterCf(dice, 30)).problems.length > 0) > 50)
  assert.ok(count((dice) => parseMasterCf(masterCf(dice, 0)).services.length > 1) > 100)
})

if (!missingPrograms('/usr/sbin/postconf')) test.run()
