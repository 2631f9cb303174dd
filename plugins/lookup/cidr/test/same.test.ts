/** Random tables and addresses: the same answers and the same warnings as Debian's Postfix. PATTERN_TABLES asks for more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { missingPrograms, random, tempFolder } from '@postern/testkit'
import { open, postmap } from './open.ts'

const TABLES = Number(process.env.PATTERN_TABLES ?? 150)
const SEED = Number(process.env.PATTERN_SEED ?? 1)
const real = missingPrograms('postmap') ? test.skip : test

/** Few bits differ, so that networks hold each other and addresses fall into them. */
class Generator {
  readonly #next: () => number
  constructor(seed: number) {
    this.#next = random(seed)
  }
  #int(below: number): number {
    return Math.floor(this.#next() * below)
  }
  #pick<T>(of: readonly T[]): T {
    return of[this.#int(of.length)]!
  }
  address(): string {
    const octet = () => this.#pick(['0', '1', '2', '3', '10', '128', '192', '255'])
    const group = () => this.#pick(['0', '1', 'db8', '2001', 'FFFF', '8000', '0001'])
    return this.#pick([
      () => `10.${octet()}.${octet()}.${octet()}`,
      () => `${octet()}.${octet()}.${octet()}.${octet()}`,
      () => `2001:db8::${group()}`,
      () => `2001:db8:${group()}::${group()}`,
      () => Array.from({ length: 8 }, group).join(':'),
      () => `::ffff:10.${octet()}.0.1`,
      () => `${group()}::${octet()}.${octet()}.0.1`,
      () => `::${group()}:${group()}`,
    ])()
  }
  key(): string {
    if (this.#next() > 0.06) return this.address()
    return this.#pick([
      'foo',
      '10.1.2',
      '10.1.2.3.4',
      '10.01.2.3',
      '[::1]',
      '1:2',
      ':::',
      '::1%lo',
      '10.0.0.256',
      '1::2::3',
      '12345::',
    ])
  }
  network(): string {
    const address = this.address()
    const six = address.includes(':')
    if (this.#next() < 0.2) return address
    if (this.#next() < 0.5)
      return this.#pick([
        '10.0.0.0/8',
        '10.0.0.0/7',
        '10.128.0.0/9',
        '10.2.0.0/15',
        '0.0.0.0/0',
        '::/0',
        '2001:db8::/32',
        '2001::/16',
        '::/1',
        '8000::/1',
        '::/96',
        '::ffff:0:0/96',
        '128.0.0.0/1',
        '192.0.0.0/2',
      ])
    const length = this.#int(six ? 129 : 33)
    return `${six && this.#next() < 0.2 ? `[${address}]` : address}/${length}`
  }
  table(): string {
    const lines: string[] = []
    for (let n = 4 + this.#int(12); n > 0; n--) {
      const not = this.#next() < 0.12 ? this.#pick(['!', '! ', '!!']) : ''
      const roll = this.#next()
      if (roll < 0.1) lines.push(`${this.#pick(['if ', 'IF ', 'if  '])}${not}${this.network()}`)
      else if (roll < 0.2) lines.push(this.#pick(['endif', 'ENDIF', 'endif x']))
      else if (roll < 0.24)
        lines.push(
          this.#pick([
            '# c',
            '',
            'foo bar',
            '10.0.0.0/8',
            '10.0.0.0/99 x',
            '1.2.3/4 x',
            '[::1 x',
            '!',
            'if',
            '/8 x',
            '10.0.0.0/x y',
          ]),
        )
      else
        lines.push(
          `${not}${this.network()}${this.#pick([' ', '\t', '  '])}v${n}${this.#next() < 0.05 ? '\n  more' : ''}`,
        )
    }
    return `${lines.join('\n')}\n`
  }
}

real(`${TABLES} random tables`, async () => {
  const folder = await tempFolder('cidr')
  const file = join(folder.path, 'table')
  let found = 0
  try {
    for (let seed = SEED; seed < SEED + TABLES; seed++) {
      const generator = new Generator(seed)
      const text = generator.table()
      const keys = [...new Set(Array.from({ length: 40 }, () => generator.key()))]
      writeFileSync(file, text)
      const theirs = await postmap(folder.path, file, keys)
      const ours = await open(file)
      const at = `seed ${seed}:\n${text}`
      assert.equal(ours.problems(), theirs.problems, at)
      for (const key of keys) {
        const answer = await ours.get(key)
        const their = theirs.found.get(key)
        if (their !== undefined) found++
        assert.is(answer.kind, their === undefined ? 'absent' : 'found', `${at}\nkey ${key}: ${their}`)
        assert.is(answer.kind === 'found' ? answer.value : undefined, their, `${at}\nkey ${key}`)
      }
    }
  } finally {
    await folder.remove()
  }
  assert.ok(found > TABLES * 5, `only ${found} keys were found: the generator finds nothing out`)
  if (process.env.PATTERN_TABLES) console.log(`# ${found} found`)
})

test.run()
