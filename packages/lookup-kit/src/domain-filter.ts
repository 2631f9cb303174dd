/** The `domain` parameter: only addresses in these domains are looked up. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, Table } from '@postern/core'
import { domainWords } from './domain-list.ts'

type Answer = Lookup | Promise<Lookup>
/** Domains that stand side by side, or a table of domains. */
type Step = ReadonlyMap<string, boolean> | { readonly table: Table; readonly yes: boolean }

/**
 * Domains, tables and names of files (they start with `/` or `./`) that hold some, parted by white space or commas. `!` takes
 * a domain, or those of a table, out; the first that matches counts. Without any every key passes; with some, bare names,
 * domains, `user@` and `@domain` do not.
 */
export class DomainFilter {
  readonly #steps: readonly Step[]

  /** `tables`: those that `domainParts` named, open. Throws what is wrong with an entry or a file. */
  constructor(entries: readonly string[], folder: string, tables: readonly Table[]) {
    const steps: Step[] = []
    for (const { text, table: isTable, yes } of domainWords(entries, folder)) {
      if (isTable) {
        const table = tables.find((one) => one.name === text)
        if (!table) throw new Error(`domain: ${text} was not named when the tables were opened`)
        steps.push({ table, yes })
        continue
      }
      let domains = steps.at(-1)
      if (!(domains instanceof Map)) steps.push((domains = new Map<string, boolean>()))
      // the first counts
      if (!domains.has(text)) (domains as Map<string, boolean>).set(text, yes)
    }
    this.#steps = steps
  }
  /** What `ask` answers to a key that passes; other keys are absent. A table that fails fails the lookup. */
  look(key: string, call: Call, ask: () => Answer): Answer {
    if (this.#steps.length === 0) return ask()
    const at = key.lastIndexOf('@')
    const domain = key.slice(at + 1).toLowerCase()
    return at > 0 && domain !== '' ? this.#from(0, domain, call, ask) : absent()
  }

  #from(first: number, domain: string, call: Call, ask: () => Answer): Answer {
    for (let i = first; i < this.#steps.length; i++) {
      const step = this.#steps[i]!
      if ('table' in step) {
        const answer = step.table.get(domain, call)
        if (answer instanceof Promise)
          return answer.then((a) => this.#told(a, step.yes, ask) ?? this.#from(i + 1, domain, call, ask))
        const told = this.#told(answer, step.yes, ask)
        if (told !== undefined) return told
      } else {
        const yes = step.get(domain)
        if (yes !== undefined) return yes ? ask() : absent()
      }
    }
    return absent()
  }
  /** `undefined`: the table does not have the domain. */
  #told(answer: Lookup, yes: boolean, ask: () => Answer): Answer | undefined {
    if (answer.kind === 'failed') return failed(`domain: ${answer.cause}`, answer.why)
    if (answer.kind === 'absent') return undefined
    return yes ? ask() : absent()
  }
}
