/** Programs of the system that a test talks to (swaks, curl, postfix ...). */
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * Why tests that need these programs must be skipped, or undefined when all are there. The test runner shows the reason.
 * With CI=true a missing program throws: there, nothing is skipped unseen.
 *
 *     const why = missingPrograms('swaks', 'openssl')
 *     ;(why ? test.skip : test)('talks to swaks', ...)
 */
export function missingPrograms(...names: string[]): string | undefined {
  const absent = names.filter((name) => programPath(name) === undefined)
  if (absent.length === 0) return undefined
  const why = `needs ${absent.join(', ')}, not installed here`
  if (process.env.CI === 'true') throw new Error(why)
  process.stdout.write(`# skipped: ${why}\n`)
  return why
}

/**
 * Where a program of the system is; its folders that are not in everybody's PATH are looked at too, and those that npm puts in
 * front are not: a package of the workspace may bring a command of the same name (sendmail, postmap).
 */
export function programPath(name: string): string | undefined {
  const own = join('node_modules', '.bin')
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith(own))
  const folders = [...path, '/usr/sbin', '/sbin']
  const places = isAbsolute(name) ? [name] : folders.map((dir) => join(dir, name))
  return places.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
