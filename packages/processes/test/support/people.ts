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
import { Undo, bounded } from './bounded.ts'
import { lives } from './site.ts'

export const root = process.getuid!() === 0
/** Skipped where this is not root: it needs users of its own. */
export const asRoot = root ? test : test.skip

export interface Person {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}
/** ms: a test, its helpers' end, one program; together less than half a minute */
const LONGEST = { test: 22_000, close: 6_000, program: 5_000 }
const everybody = new Undo()
const made = new Set<string>()
let serial = 0
everybody.add(() => {
  for (const name of made) removePerson(name)
})
export function addPerson(base: string, ...more: string[]): Person {
  const name = `pn${process.pid.toString(36)}x${serial++}`
  const home = path.join(base, name)
  made.add(name)
  run('useradd', ['-M', '-d', home, '-U', ...more, name])
  const [, , uid, gid] = run('getent', ['passwd', name]).split(':')
  const person = { name, uid: Number(uid), gid: Number(gid), home }
  fs.mkdirSync(home, { mode: 0o700 })
  fs.chownSync(home, person.uid, person.gid)
  return person
}
export function removePerson(name: string): void {
  try {
    run('userdel', ['-f', name])
  } catch {
    // it never came to be
  }
  made.delete(name)
}
const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST.program })

export interface Place {
  readonly folder: string
  readonly socket: string
  readonly helpers: UserHelpers
  readonly client: UserClient
  readonly log: { readonly event: string; readonly fields: Record<string, unknown> }[]
  person(...more: string[]): Person
  /** Taken when the test is over, however it ends, even when the process is ended; before its people are removed. */
  undo(step: () => void): void
}
/**
 * A folder, helpers and whoever is asked for; all of it is gone after `work`. Work that hangs fails, and so does what hangs
 * when its helpers are to end.
 */
export const place =
  (work: (p: Place) => Promise<void>, options: Partial<HelpersOptions> = {}) =>
  async (): Promise<void> => {
    const undo = new Undo()
    const folder = fs.mkdtempSync(path.join(tmpdir(), 'pn-users-'))
    undo.add(() => fs.rmSync(folder, { recursive: true, force: true }))
    fs.chmodSync(folder, 0o755)
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
    const killed = () => {
      for (const pid of helpers.pids) if (lives(pid)) process.kill(pid, 'SIGKILL')
    }
    undo.add(killed)
    let over = false
    const begin = () => {
      // work that was given up may go on some day
      if (over) throw new Error('the test is over')
    }
    const person = (...more: string[]) => {
      begin()
      const person = addPerson(folder, ...more)
      undo.add(() => removePerson(person.name))
      return person
    }
    const add = (step: () => void) => {
      undo.add(step)
      begin()
    }
    const client = new UserClient(socket)
    const errors: unknown[] = []
    const test = work({ folder, socket, helpers, client, log, person, undo: add })
    await bounded('the test', LONGEST.test, test).catch((error) => errors.push(error))
    over = true
    // one that serves a client that hangs would do so to the end
    if (errors.length > 0) killed()
    await bounded('the end of the helpers', LONGEST.close, helpers.close()).catch((error) => errors.push(error))
    errors.push(...undo.run())
    if (errors.length > 0) throw errors[0]
  }

/** A test of `place` in both modes of the helper: `bothModes('title', inPlace(work))`. */
export const inPlace = (work: (p: Place) => Promise<void>, options: Partial<HelpersOptions> = {}) => ({ work, options })
export function bothModes(title: string, { work, options }: ReturnType<typeof inPlace>): void {
  asRoot(title, place(work, options))
  asRoot(`strict: ${title}`, place(work, { ...options, strict: true }))
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
