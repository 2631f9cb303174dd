/** The plugin under test, with tables of other plugins by hand. */
import classes from '@postern/route-classes'
import { tap } from '@postern/testkit'
import type { Tapped } from '@postern/testkit'
import type { RecipientTables, RouteTables, Site } from '@postern/core'

type Context = NonNullable<Parameters<typeof tap>[2]>
export type Options = NonNullable<Parameters<typeof classes>[0]>

export const SITE: Partial<Site> = {
  myhostname: 'mail.local.example',
  mydomain: 'local.example',
  myorigin: 'local.example',
  recipientDelimiter: '+',
}
export interface Others {
  /** asked in this order */
  readonly tables?: Readonly<Record<string, RouteTables>>
  readonly recipients?: Readonly<Record<string, RecipientTables>>
}
export const build = (options: Options, others: Others = {}, tables?: Context['tables']): Tapped =>
  tap(classes, options, { site: SITE, needs: { ...others }, tables })

/** Route tables as objects: by the recipient's text, by the sender's text. */
export const routeTables = (
  by: Partial<Record<keyof RouteTables, Readonly<Record<string, string>>>>,
  at: { readonly once?: boolean } = {},
): RouteTables => {
  const says = (which: keyof RouteTables) => (address: { text: string }) => {
    const said = by[which]?.[address.text]
    return at.once ? said : Promise.resolve(said)
  }
  return { override: says('override'), defaultTransport: says('defaultTransport'), relayhost: says('relayhost') }
}
