/** Users of the system, made for a test and removed after it, whatever happens; helpers that deliver for them. */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { Call, UserContent } from '@postern/core'
import { UserClient, UserHelpers } from '@postern/processes'
import type { HelpersOptions } from '@postern/processes'
import { fakeCall } from '@postern/testkit'
import { test } from 'uvu'

export const root = process.getuid!() === 0
/** Skipped where this is not root: it needs users of its own. */
export const asRoot = root ? test : test.skip

export interface Person {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}
const made = new Set<string>()
let serial = 0
// a runner that has lost its patience ends a test so
process.once('SIGTERM', () => process.exit(143))
process.on('exit', () => {
  for (const name of made) removePerson(name)
})
export function addPerson(base: string, ...more: string[]): Person {
  const name = `pn${process.pid.toString(36)}x${serial++}`
  const home = path.join(base, name)
  made.add(name)
  execFileSync('useradd', ['-M', '-d', home, '-U', ...more, name], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [, , uid, gid] = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).split(':')
  const person = { name, uid: Number(uid), gid: Number(gid), home }
  fs.mkdirSync(home, { mode: 0o700 })
  fs.chownSync(home, person.uid, person.gid)
  return person
}
export function removePerson(name: string): void {
  try {
    execFileSync('userdel', ['-f', name], { stdio: 'ignore' })
  } catch {
    // it never came to be
  }
  made.delete(name)
}

export interface Place {
  readonly folder: string
  readonly socket: string
  readonly helpers: UserHelpers
  readonly client: UserClient
  readonly log: { readonly event: string; readonly fields: Record<string, unknown> }[]
  person(...more: string[]): Person
}
/** A folder, helpers and whoever is asked for; all of it is gone after `work`. */
export const place =
  (work: (p: Place) => Promise<void>, options: Partial<HelpersOptions> = {}) =>
  async (): Promise<void> => {
    const folder = fs.mkdtempSync(path.join(tmpdir(), 'pn-users-'))
    fs.chmodSync(folder, 0o755)
    const people: Person[] = []
    const log: { event: string; fields: Record<string, unknown> }[] = []
    const socket = path.join(folder, 'users')
    const helpers = await UserHelpers.open({
      socket,
      asRoot: (fn) => fn(),
      log: (_level, event, fields) => void log.push({ event, fields }),
      lockAttempts: 3,
      lockDelay: 100,
      ...options,
    })
    const person = (...more: string[]) => {
      people.push(addPerson(folder, ...more))
      return people[people.length - 1]!
    }
    try {
      await work({ folder, socket, helpers, client: new UserClient(socket), log, person })
    } finally {
      await helpers.close()
      for (const { name } of people) removePerson(name)
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }

export const callOf = (signal = new AbortController().signal): Call => fakeCall({ signal })
export const contentOf = (text: string | Buffer, chunk = 65536): UserContent => {
  const bytes = Buffer.from(text as string)
  return {
    size: bytes.length,
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
    },
  }
}
/** Content that ends in a throw after `text`. */
export const brokenContent = (text: string | Buffer): UserContent => ({
  async *stream() {
    yield Buffer.from(text as string)
    throw new Error('the body is damaged')
  },
})
export const ABOVE = 'Return-Path: <a@b.example>\nDelivered-To: x@here.example\n'
export const MAIL = 'Subject: hello\n\nFrom the start\nhello\n'
export const files = (...at: string[]): string[] => fs.readdirSync(path.join(...at)).sort()
export const only = (...at: string[]): string => {
  const names = files(...at)
  if (names.length !== 1) throw new Error(`${names.length} files in ${path.join(...at)}`)
  return path.join(...at, names[0]!)
}
