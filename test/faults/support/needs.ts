/** What a fault test needs of the machine, each tried, not guessed. */
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import { programPath } from '@postern/testkit'

const CAP_SYS_ADMIN = 21
const works = (program: string, ...args: string[]) =>
  spawnSync(programPath(program) ?? program, args, { stdio: 'ignore' }).status === 0

function mayMount(): boolean {
  const bits = /^CapEff:\s*(\S+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${bits}`) >> BigInt(CAP_SYS_ADMIN)) & 1n) === 1n
}
function opens(path: string): boolean {
  try {
    fs.closeSync(fs.openSync(path, 'r+'))
    return true
  } catch {
    return false
  }
}
const NEEDS = {
  mount: { what: 'root with CAP_SYS_ADMIN (to mount)', there: mayMount },
  fuse: { what: '/dev/fuse', there: () => opens('/dev/fuse') },
  loop: { what: 'a free loop device (losetup, package mount)', there: () => works('losetup', '-f') },
  ext4: { what: 'mkfs.ext4 (package e2fsprogs)', there: () => programPath('mkfs.ext4') !== undefined },
  strace: { what: 'strace that may trace (package strace)', there: () => works('strace', '-o', '/dev/null', 'true') },
  faketime: { what: 'faketime (package faketime)', there: () => works('faketime', '-f', '+1d', 'true') },
  prlimit: { what: 'prlimit (package util-linux)', there: () => works('prlimit', '--nofile') },
  unshare: { what: 'unshare that may make a mount namespace', there: () => works('unshare', '-m', 'true') },
  flock: { what: 'flock (package util-linux)', there: () => programPath('flock') !== undefined },
} as const
export type Need = keyof typeof NEEDS

/** `test`, or `test.skip` with what is missing told. With CI=true what is missing throws: there, nothing is skipped unseen. */
export function testWith(...needs: Need[]): typeof test | typeof test.skip {
  const absent = needs.filter((need) => process.platform !== 'linux' || !NEEDS[need].there())
  if (absent.length === 0) return test
  const why = `needs ${absent.map((need) => NEEDS[need].what).join(', ')}: not here`
  if (process.env.CI === 'true') throw new Error(why)
  process.stdout.write(`# skipped: ${why}\n`)
  return test.skip
}
