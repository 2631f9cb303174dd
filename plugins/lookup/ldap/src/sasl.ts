/** SASL mechanisms as a client has them (RFC 4422), for `bind = sasl`. None brings a security layer of its own: that is TLS's part. */
import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const pbkdf2 = promisify(pbkdf2Callback)
/** rounds of a password's hash above which a server is not obeyed: seconds of a processor */
const MOST_ROUNDS = 10_000_000

export interface Identity {
  /** who has the password: an authentication id */
  readonly user: string
  readonly password: string
  /** whom to act as; empty: oneself */
  readonly authzId: string
  readonly realm: string
  /** of the server */
  readonly host: string
}
/** One authentication under way. */
export interface Exchange {
  /** what goes out with the first bind; nothing when the server speaks first */
  readonly initial: string | undefined
  /** Answers a challenge. Throws when the server asks what must not be answered. */
  answer(challenge: string): string | Promise<string>
  /** What came with the success: throws when it does not prove that the server knows the password. */
  finish(credentials: string): void
}
type Start = (identity: Identity) => Exchange

/** in the order of preference */
const MECHANISMS: Readonly<Record<string, Start>> = {
  EXTERNAL: ({ authzId }) => oneStep(authzId),
  'SCRAM-SHA-512': (identity) => scram('sha512', 64, identity),
  'SCRAM-SHA-256': (identity) => scram('sha256', 32, identity),
  'SCRAM-SHA-1': (identity) => scram('sha1', 20, identity),
  'DIGEST-MD5': (identity) => digestMd5(identity),
  'CRAM-MD5': ({ user, password }) => ({
    initial: undefined,
    answer: (challenge) => `${user} ${createHmac('md5', password).update(challenge).digest('hex')}`,
    finish: () => undefined,
  }),
  PLAIN: ({ authzId, user, password }) => oneStep(`${authzId}\0${user}\0${password}`),
}
export const mechanismNames = Object.keys(MECHANISMS)

/** The first one in our order that is in both lists; an empty list of wishes is any. */
export function chooseMechanism(wished: readonly string[], offered: readonly string[]): string | undefined {
  // EXTERNAL only when asked for: a server offers it to whoever has a certificate, and then takes no password
  const ours = wished.length > 0 ? wished : mechanismNames.filter((name) => name !== 'EXTERNAL')
  return mechanismNames.find((name) => ours.includes(name) && offered.includes(name))
}
export const startExchange = (mechanism: string, identity: Identity): Exchange => MECHANISMS[mechanism]!(identity)

const oneStep = (initial: string): Exchange => ({
  initial,
  answer: () => {
    throw new Error('the server asks for more than the mechanism has')
  },
  finish: () => undefined,
})

/** RFC 5802, RFC 7677. The password goes out in no form that others could use. */
function scram(hash: 'sha1' | 'sha256' | 'sha512', bytes: number, { user, password, authzId }: Identity): Exchange {
  const name = (text: string) => text.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const header = `n,${authzId === '' ? '' : `a=${name(authzId)}`},`
  const nonce = randomBytes(24).toString('base64')
  const bare = `n=${name(user)},r=${nonce}`
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  let proof: Buffer | undefined
  return {
    initial: header + bare,
    async answer(challenge) {
      const said = pairs(challenge)
      const rounds = Number(said.i)
      if (!said.r?.startsWith(nonce) || said.r === nonce || !said.s || !(rounds >= 1 && rounds <= MOST_ROUNDS))
        throw new Error('the server sent a bad SCRAM challenge')
      const final = `c=${Buffer.from(header).toString('base64')},r=${said.r}`
      const signed = `${bare},${challenge},${final}`
      const salted = await pbkdf2(password.normalize('NFKC'), Buffer.from(said.s, 'base64'), rounds, bytes, hash)
      const clientKey = hmac(salted, 'Client Key')
      const signature = hmac(createHash(hash).update(clientKey).digest(), signed)
      proof = hmac(hmac(salted, 'Server Key'), signed)
      return `${final},p=${Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!)).toString('base64')}`
    },
    finish(credentials) {
      const theirs = Buffer.from(pairs(credentials).v ?? '', 'base64')
      if (!proof || theirs.length !== proof.length || !timingSafeEqual(theirs, proof))
        throw new Error('the server did not prove that it knows the password')
    },
  }
}
const pairs = (text: string): Record<string, string | undefined> =>
  Object.fromEntries(text.split(',').map((pair) => [pair.slice(0, 1), pair.slice(2)]))

/** RFC 2831, authentication only. */
function digestMd5({ user, password, authzId, realm, host }: Identity): Exchange {
  const md5 = (text: string | Buffer) => createHash('md5').update(text).digest()
  const hex = (text: string) => md5(text).toString('hex')
  let proof: string | undefined
  return {
    initial: undefined,
    answer(challenge) {
      // the second challenge is the server's proof; nothing is left to say
      if (proof !== undefined) return check(challenge)
      const said = directives(challenge)
      if (said.nonce === undefined || said.algorithm !== 'md5-sess')
        throw new Error('the server sent a bad DIGEST-MD5 challenge')
      const where = realm === '' ? (said.realm ?? '') : realm
      const cnonce = randomBytes(16).toString('hex')
      const uri = `ldap/${host}`
      const secret = md5(`${user}:${where}:${password}`)
      const tail = `:${said.nonce}:${cnonce}${authzId === '' ? '' : `:${authzId}`}`
      const a1 = md5(Buffer.concat([secret, Buffer.from(tail)])).toString('hex')
      const digest = (a2: string) => hex(`${a1}:${said.nonce}:00000001:${cnonce}:auth:${hex(a2)}`)
      proof = digest(`:${uri}`)
      const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
      return [
        'charset=utf-8',
        `username=${quoted(user)}`,
        ...(where === '' ? [] : [`realm=${quoted(where)}`]),
        `nonce=${quoted(said.nonce)}`,
        'nc=00000001',
        `cnonce="${cnonce}"`,
        `digest-uri=${quoted(uri)}`,
        `response=${digest(`AUTHENTICATE:${uri}`)}`,
        'qop=auth',
        ...(authzId === '' ? [] : [`authzid=${quoted(authzId)}`]),
      ].join(',')
    },
    finish: (credentials) => void check(credentials),
  }
  function check(credentials: string): string {
    if (proof === undefined || directives(credentials).rspauth !== proof)
      throw new Error('the server did not prove that it knows the password')
    return ''
  }
}
function directives(text: string): Record<string, string | undefined> {
  const all: Record<string, string> = {}
  for (const [, name, quoted, bare] of text.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g))
    // of several realms the first one
    all[name!.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''
  return all
}
