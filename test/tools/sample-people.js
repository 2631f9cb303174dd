/** Samples that deliver to users of the system: these are made for the run and removed after it. Needs root. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const listOf = (source) => path.join(source, 'people.json')
let runs = 0
export const needsRoot = (source) => existsSync(listOf(source)) && process.getuid?.() !== 0

/** `undefined` for a sample without people.json. `names`: placeholder -> user, whose home is @DIR@/home/<user>. */
export function makePeople(source, folder) {
  if (!existsSync(listOf(source))) return undefined
  if (needsRoot(source)) throw new Error('a sample with people.json needs root')
  const made = []
  // samples run side by side
  const run = `pns${process.pid.toString(36)}${(++runs).toString(36)}`
  const people = {
    names: {},
    remove: () => made.splice(0).forEach((user) => execFileSync('userdel', ['-f', user], { stdio: 'ignore' })),
  }
  chmodSync(folder, 0o755)
  try {
    for (const [n, placeholder] of JSON.parse(readFileSync(listOf(source), 'utf8')).entries()) {
      const user = `${run}x${n}`
      // without a umask of its own useradd makes homes that are the group's too
      const options = ['-m', '-U', '-K', 'UMASK=077', '-b', path.join(folder, 'home'), user]
      execFileSync('mkdir', ['-p', path.join(folder, 'home')])
      execFileSync('useradd', options, { stdio: 'ignore' })
      made.push(user)
      people.names[placeholder] = user
    }
    return people
  } catch (error) {
    people.remove()
    throw error
  }
}
