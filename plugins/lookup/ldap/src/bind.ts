/** Who asks: simple bind (RFC 4513 section 5.1) and SASL (section 5.2). */
import { BindRequest, PresenceFilter, ProtocolOperation, SearchRequest } from 'ldapts'
import type { BerWriter } from 'ldapts'
import type { Connection } from './connection.ts'
import type { Answer, Asker } from './pending.ts'
import type { ConnectOptions } from './connect.ts'
import { errorFor, Refusal, SASL_GOES_ON, textOf } from './errors.ts'
import type { Host } from './hosts.ts'
import { messageOf } from './message.ts'
import type { MakeMessage } from './message.ts'
import { chooseMechanism, mechanismNames, startExchange } from './sasl.ts'
import type { Exchange } from './sasl.ts'

/** challenges above which a server is not believed */
const MOST_STEPS = 10

/** Rejects with a `Refusal` that names the mechanism and never holds the password. */
export async function bind(connection: Connection, host: Host, o: ConnectOptions, asker: Asker): Promise<void> {
  const { table } = o
  const ask = (make: MakeMessage) => connection.request(messageOf(make), table.timeout * 1000, asker)
  if (table.bind === 'none') return
  // a server that was found by a referral must not learn who we are
  if (table.bind === 'sasl' && o.known) return bindSasl(ask, host, o)
  const dn = o.known ? table.bindDn : ''
  const password = o.known ? (table.bindPw?.reveal() ?? '') : ''
  const { result } = await ask((messageId) => {
    const request = new BindRequest({ messageId, dn, password })
    request.version = table.version
    return request
  })
  if (result.code !== 0) throw withoutPassword(errorFor(dn === '' ? 'bind' : `bind as ${dn}`, result), o)
}

async function bindSasl(ask: (make: MakeMessage) => Promise<Answer>, host: Host, o: ConnectOptions): Promise<void> {
  const { table } = o
  const mechanism = choose(table.saslMechs, await offered(ask))
  const exchange = startExchange(mechanism, {
    user: table.bindDn,
    password: table.bindPw?.reveal() ?? '',
    authzId: table.saslAuthzId,
    realm: table.saslRealm,
    host: host.scheme === 'ldapi' ? 'localhost' : host.host,
  })
  let response: string | undefined = exchange.initial
  for (let step = 0; step < MOST_STEPS; step++) {
    const credentials = response
    const { result } = await ask((messageId) => saslRequest(messageId, mechanism, credentials))
    const said = result.credentials?.toString() ?? ''
    if (result.code === 0) return void (await proven(mechanism, () => finish(exchange, mechanism, said)))
    if (result.code !== SASL_GOES_ON) throw withoutPassword(errorFor(`bind with ${mechanism}`, result), o)
    response = await proven(mechanism, () => exchange.answer(said))
  }
  throw new Refusal(`bind with ${mechanism}: the server does not come to an end`, 'retry', { lasting: true })
}
const saslRequest = (messageId: number, mechanism: string, password: string | undefined) =>
  password === undefined
    ? new ServerFirst({ messageId, mechanism })
    : new BindRequest({ messageId, mechanism, password })
/** A bind without credentials, not with empty ones, where the server speaks first: RFC 4422 section 5.1 keeps them apart. */
class ServerFirst extends BindRequest {
  override writeMessage(writer: BerWriter): void {
    writer.writeInt(this.version)
    writer.writeString(this.dn)
    writer.startSequence(ProtocolOperation.LDAP_REQ_BIND_SASL)
    writer.writeString(this.mechanism!)
    writer.endSequence()
  }
}
/** DIGEST-MD5 may have had its proof as the last challenge: then nothing comes with the success. */
const finish = (exchange: Exchange, mechanism: string, said: string) => {
  if (said !== '' || mechanism.startsWith('SCRAM')) exchange.finish(said)
}
async function proven<T>(mechanism: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw new Refusal(`bind with ${mechanism}: ${textOf(error)}`, 'misconfigured', { lasting: true })
  }
}
/** What the server says in its root entry (RFC 4512 section 5.1). */
async function offered(ask: (make: MakeMessage) => Promise<Answer>): Promise<string[]> {
  const attribute = 'supportedSASLMechanisms'
  const { entries } = await ask(
    (messageId) =>
      new SearchRequest({
        messageId,
        baseDN: '',
        scope: 'base',
        filter: new PresenceFilter({ attribute: 'objectClass' }),
        attributes: [attribute],
      }),
  )
  const found = entries[0]?.attributes.find(({ name }) => name.toLowerCase() === attribute.toLowerCase())
  return (found?.values ?? []).flatMap((value) => value?.toUpperCase() ?? [])
}
function choose(wished: readonly string[], offers: readonly string[]): string {
  // a server that does not tell is asked for what the operator wants
  const chosen = chooseMechanism(wished, offers.length > 0 ? offers : wished)
  if (chosen !== undefined) return chosen
  const wants = wished.length > 0 ? wished : mechanismNames
  const has = offers.length > 0 ? offers.join(' ') : 'none'
  throw new Refusal(`bind: the server offers ${has}, and not ${wants.join(', ')}`, 'misconfigured', { lasting: true })
}
/** A server may say back what it was told. */
function withoutPassword(error: Error, { table }: ConnectOptions): Error {
  const password = table.bindPw?.reveal() ?? ''
  if (password !== '' && error.message.includes(password))
    error.message = error.message.replaceAll(password, '(secret)')
  return error
}
