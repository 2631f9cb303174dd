/** Names of users, from /etc/passwd: Node has no getpwuid for anybody but itself. */
import { readFile, stat } from 'node:fs/promises'

export interface Account {
  readonly login: string
  /** the full name in the gecos field; `''` when there is none */
  readonly fullName: string
}

/** Reads the file again when it has changed. */
export class Passwd {
  readonly #path: string
  #stamp = ''
  #byUid = new Map<number, Account>()
  constructor(path = '/etc/passwd') {
    this.#path = path
  }
  /** `undefined` when nobody there has this id. Rejects when the file cannot be read. */
  async account(uid: number): Promise<Account | undefined> {
    const { mtimeMs, ino, size } = await stat(this.#path)
    const stamp = `${mtimeMs} ${ino} ${size}`
    if (stamp !== this.#stamp) {
      this.#byUid = parse(await readFile(this.#path, 'utf8'))
      this.#stamp = stamp
    }
    return this.#byUid.get(uid)
  }
}
function parse(text: string): Map<number, Account> {
  const byUid = new Map<number, Account>()
  for (const line of text.split('\n')) {
    const [login, , uid, , gecos = ''] = line.split(':')
    if (!login || !uid || !/^\d+$/.test(uid) || byUid.has(Number(uid))) continue
    // finger(1): up to the comma, & is the login name with a capital
    const fullName = gecos.split(',', 1)[0]!.replaceAll('&', login[0]!.toUpperCase() + login.slice(1))
    byUid.set(Number(uid), { login, fullName })
  }
  return byUid
}
