/** A folder of files for one test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export class Folder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'postern-core-'))
  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }
  write(name: string, text: string): string {
    const file = this.file(name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  file(name: string): string {
    return path.join(this.path, name)
  }
  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
export async function inFolder<T>(files: Readonly<Record<string, string>>, fn: (f: Folder) => Promise<T>): Promise<T> {
  const f = new Folder(files)
  try {
    return await fn(f)
  } finally {
    f.remove()
  }
}
