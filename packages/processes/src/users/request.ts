/** What the helper may be asked, checked by both sides: the asker for a clear error, the helper because it believes nobody. */
import type { UserPath, UserRequest } from '@postern/core'

/** A question, or a delivery. */
export type Asked = { readonly kind: 'find'; readonly user: string } | UserRequest

/** Something that is never done for anybody. */
export class BadRequest extends Error {
  constructor(why: string) {
    super(`refused: ${why}`)
    this.name = 'BadRequest'
  }
}
type Check = (value: unknown, name: string) => void

const LONGEST_NAME = 255
const LONGEST_PATH = 4095
const DEEPEST = 64
const LONGEST_TEXT = 64 * 1024
const DAY = 86_400_000

function demand(fact: boolean, why: string): asserts fact {
  if (!fact) throw new BadRequest(why)
}
const text =
  (longest: number): Check =>
  (value, name) => {
    demand(typeof value === 'string', `${name} is no text`)
    demand(Buffer.byteLength(value) <= longest, `${name} is longer than ${longest} bytes`)
    demand(!value.includes('\0'), `${name} has a NUL`)
  }
const whole =
  (least: number, most: number): Check =>
  (value, name) =>
    demand(Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most, `${name} is out of range`)
const flag: Check = (value, name) => demand(typeof value === 'boolean', `${name} is no boolean`)
const optional =
  (check: Check): Check =>
  (value, name) => {
    if (value !== undefined) check(value, name)
  }
const objectOf = (value: unknown, name: string): Record<string, unknown> => {
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), `${name} is no object`)
  return value as Record<string, unknown>
}

/** `folder`: a slash at its end is one; a file has none. */
const path =
  (folder: boolean): Check =>
  (value, name) => {
    const all = objectOf(value, name)
    only(all, { below: text(4), path: text(LONGEST_PATH) }, name)
    const { below, path } = all as unknown as UserPath
    demand(below === 'home' || below === 'root', `${name} is below neither home nor root`)
    demand(path.startsWith('/') === (below === 'root'), `${name}: an absolute path is below root, and only that`)
    demand(folder || !path.endsWith('/'), `${name} is a folder`)
    const names = namesOf(path)
    demand(names.length > 0 && names.length <= DEEPEST, `${name} has ${names.length} parts`)
    for (const part of names) {
      demand(part !== '' && part !== '.' && part !== '..', `${name} has a part "${part}"`)
      demand(Buffer.byteLength(part) <= LONGEST_NAME, `${name} has a part that is too long`)
    }
  }
/** The names of a path that was checked. */
export const namesOf = (path: string): string[] => path.replace(/^\//, '').replace(/\/$/, '').split('/')

/** Header lines; above them, where a file or program wants it, the line that begins a message in an mbox. */
const above =
  (from: boolean): Check =>
  (value, name) => {
    text(LONGEST_TEXT)(value, name)
    const lines = String(value).split('\n')
    demand(lines.pop() === '', `${name} does not end a line`)
    for (const [n, line] of lines.entries())
      demand(/^[!-9;-~]+:/.test(line) || (from && n === 0 && line.startsWith('From ')), `${name}: line ${n + 1}`)
  }
const locks: Check = (value, name) => {
  demand(Array.isArray(value) && new Set(value).size === value.length, `${name} is no list of kinds`)
  for (const lock of value) demand(lock === 'dotlock' || lock === 'fcntl' || lock === 'flock', `${name}: no such kind`)
}
const argv: Check = (value, name) => {
  demand(Array.isArray(value) && value.length > 0 && value.length <= 1024, `${name} is no list of 1 to 1024`)
  for (const one of value) text(LONGEST_TEXT)(one, name)
  const program = value[0] as string
  // env(1), by which it is run, would take the one for a variable and the other for an option
  demand(program !== '' && !program.includes('=') && !program.startsWith('-'), `${name}: no such program`)
  demand(program.startsWith('/') || !program.includes('/'), `${name}: the program is neither absolute nor a plain name`)
}
const env: Check = (value, name) => {
  const all = Object.entries(objectOf(value, name))
  demand(all.length <= 128, `${name} has ${all.length} entries`)
  for (const [key, one] of all) {
    demand(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) && !/^LD_/.test(key), `${name}: ${key}`)
    text(LONGEST_TEXT)(one, name)
  }
}
const owner: Check = (value, name) => {
  const LARGEST_ID = 0xffff_fffe
  only(objectOf(value, name), { uid: whole(1, LARGEST_ID), gid: whole(1, LARGEST_ID) }, name)
}
const common = { kind: text(16), user: text(LONGEST_NAME), limit: optional(whole(0, Number.MAX_SAFE_INTEGER)) }
const mailbox = { ...common, owner: optional(owner), returnOverQuota: optional(flag), returnFaults: optional(flag) }
const KINDS: Readonly<Record<Asked['kind'], Readonly<Record<string, Check>>>> = {
  find: { kind: text(16), user: text(LONGEST_NAME) },
  maildir: { ...mailbox, above: above(false), folder: path(true), syncFolder: optional(flag) },
  mbox: { ...mailbox, above: above(true), file: path(false), locks },
  command: {
    ...common,
    above: above(true),
    argv,
    env: optional(env),
    folder: optional(path(true)),
    timeout: whole(1, DAY),
  },
}
function only(all: Record<string, unknown>, checks: Readonly<Record<string, Check>>, name: string): void {
  for (const key of Object.keys(all)) demand(Object.hasOwn(checks, key), `${name} has an unknown ${key.slice(0, 40)}`)
  for (const [key, check] of Object.entries(checks)) check(all[key], key)
}

const placeOf = (asked: Asked): UserPath | undefined =>
  asked.kind === 'mbox' ? asked.file : asked.kind === 'maildir' ? asked.folder : undefined

/** Throws BadRequest. */
export function checked(value: unknown): Asked {
  const all = objectOf(value, 'the request')
  const { kind } = all
  demand(typeof kind === 'string' && Object.hasOwn(KINDS, kind), 'an unknown kind')
  only(all, KINDS[kind as Asked['kind']], 'the request')
  const asked = all as unknown as Asked
  demand(!('owner' in asked) || placeOf(asked)?.below === 'root', 'an owner without a user has no home')
  return asked
}
/** Throws BadRequest. */
export function requestOf(bytes: Buffer): Asked {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new BadRequest('no JSON')
  }
  return checked(value)
}
