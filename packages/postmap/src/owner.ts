/** Whoever owns the text owns what is made of it: root does not act as root in a folder of somebody else's. */
import { fstatSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import type { Flags } from './flags.ts'

/** Runs `work` as the owner of `file` (unless -o), with no more permissions for new files than it has (unless -p). */
export async function asOwner<T>(file: string | number, flags: Flags, work: () => Promise<T>): Promise<T> {
  const facts = typeof file === 'number' ? fstatSync(file) : statSync(file, { throwIfNoEntry: false })
  const mask = facts?.isFile() && !flags.ownMode ? process.umask(0o022 | (~facts.mode & 0o077)) : undefined
  const back = facts && !flags.keepRoot ? become(facts) : undefined
  try {
    return await work()
  } finally {
    back?.()
    if (mask !== undefined) process.umask(mask)
  }
}
function become({ uid, gid }: Stats): (() => void) | undefined {
  const [me, mine, groups] = [process.geteuid?.(), process.getegid?.(), process.getgroups?.()]
  if (process.getuid?.() !== 0 || (uid === me && gid === mine)) return undefined
  process.setgroups!([gid])
  process.setegid!(gid)
  process.seteuid!(uid)
  return () => {
    process.seteuid!(me!)
    process.setegid!(mine!)
    process.setgroups!(groups!)
  }
}
