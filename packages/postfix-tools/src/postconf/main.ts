/** postconf: a Postfix folder's parameters and services shown and edited. */
import { program } from '../program.ts'
import type { Say } from '../program.ts'
import { folderName, overrideOf, readFolder, remarkUndefined, remarkUnused } from './folder.ts'
import { parameterLines } from './parameters.ts'
import { requestOf } from './request.ts'
import type { Request } from './request.ts'
import { serviceLines } from './services.ts'

export const main = (argv: readonly string[]): Promise<void> => program('postconf', 1, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], say: Say): Promise<number> {
  const request = requestOf(argv, say)
  const overrides = request.overrides.map(overrideOf)
  const dir = folderName(request.config)
  if (request.edit !== undefined) {
    if (request.mode === 'p') (await import('./edit-main.ts')).editMain(dir, request.edit, request.words, say)
    else (await import('./edit-master.ts')).editMaster(dir, request, say)
    return 0
  }
  if (!'pMFP'.includes(request.mode)) return (await import('./information.ts')).inform(request, say)
  await show(dir, overrides, request, say)
  return 0
}
async function show(
  dir: string,
  overrides: ReturnType<typeof overrideOf>[],
  request: Request,
  say: Say,
): Promise<void> {
  const ofMain = request.mode === 'p'
  const folder = await readFolder(dir, overrides, request.defaults, say)
  if (!request.defaults) remarkUndefined(folder, say)
  const lines = ofMain ? parameterLines(folder, request, say) : serviceLines(folder, request, say)
  let text = ''
  for (const line of lines) text += line
  process.stdout.write(text)
  if (!request.defaults) remarkUnused(folder, say, ofMain)
}
