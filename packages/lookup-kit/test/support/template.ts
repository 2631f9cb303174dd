/** Folders that take long to make are made once for a machine, and copied. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Copies the folder of this name to `to`, with its owners and modes; `make` fills it when it is not there yet. The name
 * should tell the version of what made it.
 */
export function fromTemplate(name: string, to: string, make: (folder: string) => void): void {
  const template = join(tmpdir(), `postern-test-${process.getuid?.() ?? 0}-${name}`)
  if (!existsSync(template)) {
    const made = mkdtempSync(`${template}-`)
    try {
      make(join(made, 'data'))
      // another one may have been quicker
      if (!existsSync(template)) renameSync(join(made, 'data'), template)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    } finally {
      rmSync(made, { recursive: true, force: true })
    }
  }
  if (process.getuid?.() !== 0 && statSync(template).uid !== process.getuid?.())
    throw new Error(`${template} belongs to somebody else`)
  execFileSync('cp', ['-a', template, to])
}
