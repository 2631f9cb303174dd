/** The session as taps see it. Only the flow writes. */
import type { OpenSession } from '../contract/listener.ts'
import type { Client, SessionView, TlsFacts } from '../contract/views.ts'
import type { SetClient } from '../contract/edits.ts'
import type { SlotStore } from './slots.ts'

export interface SessionState {
  client: Client
  helo: SessionView['helo']
  tls: TlsFacts | undefined
  auth: SessionView['auth']
  slots: SlotStore
}
export class SessionFacts implements SessionView {
  readonly id: string
  readonly listener: string
  readonly protocol: 'smtp' | 'lmtp'
  readonly server: SessionView['server']
  readonly #state: SessionState
  constructor(id: string, listener: string, facts: OpenSession, state: SessionState) {
    this.id = id
    this.listener = listener
    this.protocol = facts.protocol
    this.server = facts.server
    this.#state = state
  }
  get client(): Client {
    return this.#state.client
  }
  get helo(): SessionView['helo'] {
    return this.#state.helo
  }
  get tls(): TlsFacts | undefined {
    return this.#state.tls
  }
  get auth(): SessionView['auth'] {
    return this.#state.auth
  }
  get slots(): SlotStore {
    return this.#state.slots
  }
}
const CONTROL = /[\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex
/** A trusted front end knows better who the client is (XCLIENT). */
export function applyClient(state: SessionState, edit: SetClient): void {
  const { helo, user, ...client } = edit.client
  // these go into the Received field
  for (const [key, value] of Object.entries(edit.client)) {
    if (typeof value === 'string' && CONTROL.test(value)) throw new TypeError(`${key} has a control character`)
  }
  state.client = { ...state.client, ...client }
  if (helo !== undefined) state.helo = { verb: state.helo?.verb ?? 'EHLO', name: helo }
  if (user !== undefined) state.auth = { user, mechanism: 'XCLIENT' }
}

let last = 0
/** Ascending within the process; base 36 of the start time keeps restarts apart in the log. */
export const newSessionId = (): string => `${PROCESS}${(++last).toString(36)}`
const PROCESS = `${Math.floor(Date.now() / 1000).toString(36)}-`
