/** The plugin under test, at a site whose local domain is here.example. */
import { absent, addressOf, failed, found } from '@postern/core'
import type { AddressClasses, AddressRewriter, RouteTables } from '@postern/core'
import { resolveView, tap } from '@postern/testkit'
import local from '@postern/route-local'

export type Options = NonNullable<Parameters<typeof local>[0]>

const classes: AddressClasses = {
  classOf: ({ domain }) =>
    domain === 'away.example'
      ? { kind: 'failed', why: 'retry', cause: 'away' }
      : { kind: 'class', class: /^here\.example$/i.test(domain) || domain === '' ? 'local' : 'default' },
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: (a) => (a.local.includes('%') ? addressOf(a.local.replace('%', '@')) : undefined),
}
const table: Partial<RouteTables> = {
  override: ({ local: name }) =>
    name.startsWith('tmap')
      ? `${name === 'tmap-hop' ? '' : 'smtp'}:[192.0.2.1]`
      : name === 'tfail'
        ? { kind: 'failed', why: 'retry', cause: 'away' }
        : undefined,
}
const tables = { names: () => ['route-transport'], get: () => table }
/** `rich` and `katie` exist; `down` cannot be looked up */
const passwd = (key: string) =>
  key === 'down' ? failed('away') : ['rich', 'katie', 'daemon'].includes(key) ? found(`${key}:x:1:1::/:`) : absent()

export const SITE = { myhostname: 'mail.here.example', myorigin: 'here.example', recipientDelimiter: '+' }

export const build = (options: Options, more: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) =>
  tap(local, options, {
    site: SITE,
    needs: { classes, rewriter, tables },
    tables: { 'unix:passwd.byname': passwd, ...more, 'hash:/down': () => failed('away') },
  })
/** What the resolve stage answers, in one line; `undefined`: the way of the class. */
export async function told(options: Options, recipient: string, final = false, more = {}): Promise<string | undefined> {
  const answer = await build(options, more).resolve(resolveView({ recipient, final }))
  switch (answer?.kind) {
    case undefined:
      return undefined
    case 'route':
      return `${answer.transport}:${answer.nexthop}`
    case 'expand':
      return `to ${answer.to.map((a) => a.address).join(', ')}`
    case 'refuse':
    case 'defer':
      return `${answer.esc} ${answer.text}`
    default:
      throw new Error('an answer that is none')
  }
}
/** The addresses that it becomes, standard. */
export async function relayed(options: Options, recipient: string): Promise<string[] | undefined> {
  const answer = await build(options).resolve(resolveView({ recipient }))
  return answer?.kind === 'expand' ? answer.to.map((a) => rewriter.standard(addressOf(a.address)).text) : undefined
}
