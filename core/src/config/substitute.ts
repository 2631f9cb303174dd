/** `$name` and `${name}`: the value of another key or of `vars`; `${env:NAME}` and `${env:NAME:default}`: the environment; `$$` is a dollar. */
import { nearest } from '../nearest.ts'
import type { Problem } from '../errors.ts'
import type { SourcedUse } from './merge.ts'
import type { Sourced } from './load.ts'
import { configSchema } from './schema.ts'

const REFERENCE = /\$(?:\$|([A-Za-z]\w*)|\{env:([A-Za-z_]\w*)(?::([^}]*))?\}|\{([A-Za-z]\w*)\})/g
const WHOLE = /^\$(?:([A-Za-z]\w*)|\{([A-Za-z]\w*)\})$/

export function substitute(
  values: Readonly<Record<string, Sourced>>,
  uses: readonly SourcedUse[],
  env: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): { values: Record<string, Sourced>; uses: SourcedUse[] } {
  const s = new Substitution(values, env, problems)
  const done: Record<string, Sourced> = {}
  for (const [key, { value, file }] of Object.entries(values))
    done[key] = { file, value: s.deep(value, file, key, [key]) }
  return {
    values: done,
    uses: uses.map((u) => ({
      ...u,
      options: s.deep(u.options, u.file, `${u.path}.${u.name}`, []) as Record<string, unknown>,
      bind: s.deep(u.bind, u.file, u.path, []) as SourcedUse['bind'],
    })),
  }
}

class Substitution {
  readonly #values: Readonly<Record<string, Sourced>>
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #problems: Problem[]
  constructor(
    values: Readonly<Record<string, Sourced>>,
    env: Readonly<Record<string, string | undefined>>,
    problems: Problem[],
  ) {
    this.#values = values
    this.#env = env
    this.#problems = problems
  }
  deep(value: unknown, file: string, path: string, chain: readonly string[]): unknown {
    if (typeof value === 'string') return value.includes('$') ? this.text(value, file, path, chain) : value
    if (Array.isArray(value)) return value.map((v, i) => this.deep(v, file, `${path}[${i}]`, chain))
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.deep(v, file, `${path}.${k}`, chain)]))
    return value
  }
  private text(value: string, file: string, path: string, chain: readonly string[]): unknown {
    // a reference that is the whole value keeps its type: a list stays a list
    const whole = WHOLE.exec(value)
    if (whole) return this.named((whole[1] ?? whole[2])!, file, path, chain)
    return value.replace(REFERENCE, (all, a?: string, e?: string, fallback?: string, b?: string) => {
      if (all === '$$') return '$'
      const v = e !== undefined ? this.environment(e, fallback, file, path) : this.named((a ?? b)!, file, path, chain)
      return typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'
        ? String(v)
        : Array.isArray(v)
          ? v.join(', ')
          : ''
    })
  }
  private environment(name: string, fallback: string | undefined, file: string, path: string): string {
    const v = this.#env[name] ?? fallback
    if (v === undefined)
      this.problem(
        file,
        path,
        `the environment variable ${name} is not set; write \${env:${name}:default} to give a default`,
      )
    return v ?? ''
  }
  private named(name: string, file: string, path: string, chain: readonly string[]): unknown {
    if (chain.includes(name)) {
      this.problem(file, path, `$${name} refers to itself: ${[...chain, name].join(' -> ')}`)
      return ''
    }
    const vars = (this.#values.vars?.value ?? {}) as Record<string, unknown>
    const value = Object.hasOwn(vars, name)
      ? vars[name]
      : (this.#values[name]?.value ?? this.builtIn(name, file, path, chain))
    if (value === undefined) {
      this.problem(
        file,
        path,
        `$${name} is not defined`,
        nearest(name, [...Object.keys(vars), ...Object.keys(configSchema.shape)]),
      )
      return ''
    }
    return this.deep(value, file, path, [...chain, name])
  }
  private builtIn(name: string, file: string, path: string, chain: readonly string[]): unknown {
    if (name === 'mydomain') return domainOf(String(this.named('myhostname', file, path, [...chain, name])))
    const schema = (configSchema.shape as Record<string, { def?: { defaultValue?: unknown } }>)[name]
    return schema?.def?.defaultValue
  }
  private problem(file: string, path: string, message: string, suggestion?: string): void {
    this.#problems.push({ code: 'PN_CONFIG_INVALID', file, path, message, suggestion })
  }
}
/** Postfix's rule: the host name without its first label; a name of one label stays. */
export const domainOf = (host: string): string => (host.includes('.') ? host.slice(host.indexOf('.') + 1) : host)
