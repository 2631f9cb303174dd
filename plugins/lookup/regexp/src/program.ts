/** A table as what is done for a key: steps in the order of the file. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Engine, Pattern } from './engine.ts'
import { ruleLines } from '@postern/lookup-kit'
import type { RuleProblem } from '@postern/lookup-kit'
import { BadRule, parseCondition, parseRule } from './rule.ts'
import type { Condition, Dialect, Rule } from './rule.ts'
import { needle } from './sieve.ts'
import type { Needle } from './sieve.ts'
import { requiredLiterals } from './syntax/literals.ts'
import { printRe2 } from './syntax/print.ts'
import { Inexpressible } from './syntax/tree.ts'
import type { Node } from './syntax/tree.ts'
import type { Template } from './template.ts'

export interface Test {
  readonly negate: boolean
  readonly pattern: Pattern
  /** one of them is in each key that matches; undefined when nothing is known */
  readonly needles: readonly Needle[] | undefined
  readonly groups: number
  /** for keys that end in a newline, where `$` may match before it */
  readonly newlineEnd: Pattern | undefined
}
export type Step =
  /** where it does not hold the search goes on at step `end` */
  | { readonly kind: 'if'; readonly test: Test; end: number }
  | { readonly kind: 'match'; readonly tests: readonly Test[]; readonly template: Template; readonly line: number }
  /** a rule that cannot be carried out: nobody knows what it would have said */
  | { readonly kind: 'refused'; readonly cause: string }

export interface Program {
  readonly steps: readonly Step[]
  readonly rules: number
  readonly problems: readonly RuleProblem[]
}

/** Rules that are compiled between two turns of the event loop: sessions must not wait for a large table. */
const SLICE = 20

/** Reads a whole table. `text` is bytes as U+0000 to U+00FF. */
export async function readProgram(dialect: Dialect, text: string, engine: Engine): Promise<Program> {
  const reader = new Reader(dialect, engine)
  let count = 0
  for (const { line, text: rule } of ruleLines(text, reader.problem)) {
    if (++count % SLICE === 0) await turn()
    reader.take(line, rule)
  }
  return reader.end()
}

class Reader {
  readonly #dialect: Dialect
  readonly #engine: Engine
  readonly #steps: Step[] = []
  readonly #problems: RuleProblem[] = []
  /** IFs that wait for their ENDIF */
  readonly #open: { readonly line: number; readonly step: number | undefined }[] = []
  #rules = 0

  constructor(dialect: Dialect, engine: Engine) {
    this.#dialect = dialect
    this.#engine = engine
  }
  readonly problem = (problem: RuleProblem): void => void this.#problems.push(problem)

  take(line: number, text: string): void {
    const warn = (what: string) => this.problem({ line, what })
    let rule: Rule
    try {
      rule = parseRule(this.#dialect, text, warn)
      this.#add(line, rule, warn)
    } catch (error) {
      if (!(error instanceof BadRule)) throw error
      warn(error.message)
    }
  }
  end(): Program {
    for (const { line, step } of this.#open.reverse()) {
      this.problem({ line, what: 'IF has no matching ENDIF' })
      this.#close(step)
    }
    return { steps: this.#steps, rules: this.#rules, problems: this.#problems }
  }

  #add(line: number, rule: Rule, warn: (what: string) => void): void {
    if (rule.kind === 'endif') {
      const top = this.#open.pop()
      if (!top) throw new BadRule('ignoring ENDIF without matching IF')
      return this.#close(top.step)
    }
    const step = this.#step(line, rule, warn)
    if (rule.kind === 'if') this.#open.push({ line, step: step.kind === 'if' ? this.#steps.length : undefined })
    else this.#rules++
    this.#steps.push(step)
  }
  #close(at: number | undefined): void {
    const step = at === undefined ? undefined : this.#steps[at]
    if (step?.kind === 'if') step.end = this.#steps.length
  }
  #step(line: number, rule: Exclude<Rule, { kind: 'endif' }>, warn: (what: string) => void): Step {
    try {
      const test = this.#test(rule.condition, warn, rule.kind === 'match' && rule.template.groups > 0)
      if (rule.kind === 'if') return { kind: 'if', test, end: 0 }
      if (rule.template.groups > test.groups)
        throw new BadRule(`out of range replacement index "${rule.template.groups}": skipping this rule`)
      const and = rule.and && this.#test(rule.and, warn, false)
      return { kind: 'match', tests: and ? [test, and] : [test], template: rule.template, line }
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error
      const what = `${error.message} needs an engine that backtracks, and there is none: write the rule in another way`
      this.problem({ line, what, fatal: true })
      return { kind: 'refused', cause: `line ${line}: ${what}` }
    }
  }
  #test(condition: Condition, warn: (what: string) => void, captures: boolean): Test {
    const { node, groups } = parseCondition(this.#dialect.notation, condition, warn)
    const needles = requiredLiterals(node)?.map(needle)
    const late = /"endOrNewline"/.test(JSON.stringify(node))
    return {
      negate: condition.negate,
      pattern: this.#compile(node, false, captures),
      needles,
      groups,
      newlineEnd: late ? this.#compile(node, true, captures) : undefined,
    }
  }
  /** The longest match counts for POSIX, and only where somebody asks for its groups. */
  #compile(node: Node, newlineEnd: boolean, captures: boolean): Pattern {
    const text = printRe2(node, newlineEnd)
    try {
      return this.#engine.compile(text, captures && this.#dialect.notation === 'regexp')
    } catch (error) {
      // the pattern is right: the engine has a limit of its own, of size
      throw new Inexpressible(`a pattern that ${this.#engine.name} refuses (${(error as Error).message})`)
    }
  }
}
