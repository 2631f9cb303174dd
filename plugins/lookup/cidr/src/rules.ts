/** A table as what is done for an address, in the order of the file: cidr_table(5). */
import { setImmediate as turn } from 'node:timers/promises'
import { absent, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { parseAddress } from './address.ts'
import type { Address } from './address.ts'
import { NetworkIndex } from './index-by-length.ts'
import { blanks, ruleLines, word } from '@postern/lookup-kit'
import type { RuleProblem } from '@postern/lookup-kit'
import { BadNetwork, contains, parseNetwork } from './network.ts'
import type { Network } from './network.ts'

interface Condition {
  readonly network: Network
  readonly negate: boolean
}
type Step =
  /** rules that follow each other: the first that holds the address, by its order, has the answer */
  | { readonly kind: 'run'; readonly index: NetworkIndex; readonly values: Lookup[] }
  | { readonly kind: 'not'; readonly network: Network; readonly value: Lookup }
  /** where it does not hold the search goes on at step `end` */
  | { readonly kind: 'if'; readonly condition: Condition; end: number }

export interface Rules {
  readonly steps: readonly Step[]
  readonly rules: number
  readonly problems: readonly RuleProblem[]
}
class BadRule extends Error {}

/** Rules that are read between two turns of the event loop: sessions must not wait for a large table. */
const SLICE = 5000

/** Reads a whole table. `text` is bytes as U+0000 to U+00FF. */
export async function readRules(text: string): Promise<Rules> {
  const reader = new Reader()
  let count = 0
  for (const { line, text: rule } of ruleLines(text, (p) => reader.problems.push(p))) {
    if (++count % SLICE === 0) await turn()
    try {
      reader.take(line, rule)
    } catch (error) {
      if (!(error instanceof BadRule || error instanceof BadNetwork)) throw error
      reader.problems.push({ line, what: `${error.message}: skipping this rule` })
    }
  }
  return reader.end()
}

class Reader {
  readonly problems: RuleProblem[] = []
  readonly #steps: Step[] = []
  /** IFs that wait for their ENDIF */
  readonly #open: { readonly line: number; readonly step: { end: number } }[] = []
  #rules = 0
  /** step at which the last ENDIF stands */
  #sealed = 0

  take(line: number, text: string): void {
    if (/^endif(?![a-z\d])/i.test(text)) return this.#endif(text)
    const isIf = /^if(?![a-z\d])/i.test(text)
    let at = isIf ? blanks(text, 2) : 0
    let negate = false
    for (; text[at] === '!'; at = blanks(text, at + 1)) negate = !negate
    const stop = isIf ? text.length : word(text, at)
    const pattern = text.slice(at, stop)
    if (pattern === '') throw new BadRule('no address pattern')
    if (isIf) {
      const step: Step = { kind: 'if', condition: { network: parseNetwork(pattern), negate }, end: 0 }
      this.#open.push({ line, step })
      this.#steps.push(step)
      return
    }
    const result = text.slice(blanks(text, stop))
    if (result === '') throw new BadRule('no lookup result')
    this.#add(parseNetwork(pattern), negate, found(decoded(result)))
  }
  end(): Rules {
    for (const { line, step } of this.#open.reverse()) {
      this.problems.push({ line, what: 'IF has no matching ENDIF' })
      step.end = this.#steps.length
    }
    return { steps: this.#steps, rules: this.#rules, problems: this.problems }
  }
  #endif(text: string): void {
    if (text.length > 'endif'.length) throw new BadRule('garbage after ENDIF')
    if (this.#open.length === 0) throw new BadRule('ENDIF without IF')
    this.#sealed = this.#open.pop()!.step.end = this.#steps.length
  }
  #add(network: Network, negate: boolean, value: Lookup): void {
    this.#rules++
    if (negate) {
      this.#steps.push({ kind: 'not', network, value })
      return
    }
    let run = this.#steps.at(-1)
    // where an IF ends a new run begins: what is inside must not be joined with what is behind
    const joined = run?.kind === 'run' && this.#sealed !== this.#steps.length
    if (!joined) this.#steps.push((run = { kind: 'run', index: new NetworkIndex(), values: [] }))
    if (run?.kind !== 'run') return
    run.index.add(network, run.values.length)
    run.values.push(value)
  }
}
const decoded = (bytes: string) => (/[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes)

/** Asks the rules in order; the first that holds is the answer. What is no address is absent. */
export function search({ steps }: Rules, key: string): Lookup {
  const address = parseAddress(key)
  if (!address) return absent()
  for (let i = 0; i < steps.length;) {
    const step = steps[i]!
    i++
    if (step.kind === 'run') {
      const value = step.values[step.index.first(address)]
      if (value) return value
    } else if (step.kind === 'if') {
      if (!holds(step.condition, address)) i = step.end
    } else if (holds({ network: step.network, negate: true }, address)) return step.value
  }
  return absent()
}
/** `!` asks for an address of the same family that is not in the network. */
const holds = ({ network, negate }: Condition, key: Address): boolean =>
  key.family === network.address.family && contains(network, key) !== negate
