/** Postern as it is built here. */
import { join } from 'node:path'
import { ROOT } from '../cases.ts'

export const OWN_SERVER = `${process.execPath} ${join(ROOT, 'packages/cli/bin/postern.js')} start --foreground --postfix {etc}`
/** where npm puts the workspace's commands */
export const OWN_TOOLS = join(ROOT, 'node_modules/.bin')
