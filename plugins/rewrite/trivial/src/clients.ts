/** Whose headers are rewritten as our own are? */
import os from 'node:os'
import type { Call, Lookup, MaybePromise, SessionView, Table, TableRef } from '@postern/core'
import { networks } from '@postern/maps'
import type { Options } from './options.ts'
import { isKeyword } from './options.ts'

type Is = boolean | Extract<Lookup, { kind: 'failed' }>
type Test = (session: SessionView, call: Call) => MaybePromise<Is>

export function localClients(
  { localHeaderRewriteClients: entries, inetInterfaces }: Options,
  open: (ref: TableRef) => Table,
): Test {
  const named = inetInterfaces && new Set(inetInterfaces)
  const tests = entries.map((entry): Test => {
    if (entry === 'permit_inet_interfaces') return ({ client }) => (named ?? ownAddresses()).has(client.address)
    if (isKeyword(entry)) return ({ auth }) => auth !== undefined
    const list = networks([entry], open)
    return ({ client }, call) => list.has(client.address, call)
  })
  return (session, call) => from(tests, 0, session, call)
}
function from(tests: readonly Test[], start: number, session: SessionView, call: Call): MaybePromise<Is> {
  for (let i = start; i < tests.length; i++) {
    const is = tests[i]!(session, call)
    if (is instanceof Promise) return is.then((a) => (a === false ? from(tests, i + 1, session, call) : a))
    if (is !== false) return is
  }
  return false
}

/** ms: interfaces come and go, and asking costs a system call */
const KEPT = 60_000
let own: { addresses: Set<string>; at: number } | undefined
function ownAddresses(): Set<string> {
  if (!own || performance.now() - own.at > KEPT) {
    const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? [])
    own = { addresses: new Set(all.map(({ address }) => address)), at: performance.now() }
  }
  return own.addresses
}
