/** @postern/create-plugin: a folder with a plugin and a test that passes. */
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { USAGE, parseArguments } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import { folderName, nameProblem } from './names.ts'
import { filesOf, writeFiles } from './template.ts'

export type { Arguments, Role } from './arguments.ts'
export { folderName, nameProblem, pluginName } from './names.ts'

export interface Output {
  out(text: string): void
  err(text: string): void
}

/** Makes the folder below `cwd` and answers its path. Throws when the name will not do or the folder is there already. */
export function createPlugin(options: Arguments, cwd = process.cwd()): string {
  const problem = nameProblem(options.name)
  if (problem) throw new Error(`${options.name}: ${problem}`)
  const folder = resolve(cwd, folderName(options.name))
  if (existsSync(folder)) throw new Error(`${folder} is there already; nothing was written`)
  writeFiles(folder, filesOf(options))
  return folder
}

/** The command; its exit code. */
export function main(argv: readonly string[], { out, err }: Output, cwd = process.cwd()): number {
  const parsed = parseArguments(argv)
  if (parsed.kind === 'help') {
    out(USAGE)
    return 0
  }
  if (parsed.kind === 'wrong') {
    err(`${parsed.message}\n\n${USAGE}`)
    return 2
  }
  try {
    const folder = createPlugin(parsed.arguments, cwd)
    out(`${relative(cwd, folder)}: made. Next:\n\n  cd ${relative(cwd, folder)}\n  npm install\n  npm test`)
    return 0
  } catch (error) {
    err((error as Error).message)
    return 1
  }
}
