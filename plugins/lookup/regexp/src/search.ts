import { isUtf8 } from 'node:buffer'
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import type { Program, Test } from './program.ts'
import { Sieve } from './sieve.ts'
import { lowerAscii } from './syntax/literals.ts'

const EIGHT_BIT = /[\x80-\uffff]/

/** one for all tables: a search never waits */
const sieve = new Sieve()

/** Asks the rules in order; the first that matches is the answer. */
export function search(name: string, program: Program, key: string): Lookup {
  const bytes = EIGHT_BIT.test(key) ? Buffer.from(key, 'utf8').toString('latin1') : key
  const newline = bytes.endsWith('\n')
  sieve.load(lowerAscii(bytes))
  const { steps } = program
  for (let i = 0; i < steps.length;) {
    const step = steps[i]!
    i++
    if (step.kind === 'refused') return failed(`${name}, ${step.cause}`, 'misconfigured')
    if (step.kind === 'if') {
      if (!holds(step.test, bytes, newline)) i = step.end
      continue
    }
    if (!step.tests.every((test) => holds(test, bytes, newline))) continue
    const { template, line } = step
    const groups = template.groups === 0 ? [] : (patternFor(step.tests[0]!, newline).groups(bytes) ?? [])
    const value = template.expand(groups)
    // maps_find() and dict_utf8 of Postfix take both for an error of the table
    if (value === '') return failed(`${name}, line ${line}: the result is empty, which is not allowed`, 'misconfigured')
    if (!EIGHT_BIT.test(value)) return found(value)
    const raw = Buffer.from(value, 'latin1')
    return isUtf8(raw)
      ? found(raw.toString())
      : failed(`${name}, line ${line}: the result is not UTF-8`, 'misconfigured')
  }
  return absent()
}

const patternFor = (test: Test, newline: boolean) => (newline && test.newlineEnd) || test.pattern
function holds(test: Test, bytes: string, newline: boolean): boolean {
  const possible = test.needles === undefined || test.needles.some((n) => sieve.has(n))
  return (possible && patternFor(test, newline).test(bytes)) !== test.negate
}
