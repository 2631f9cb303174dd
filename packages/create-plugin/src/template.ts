/** The files of a new plugin. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Arguments } from './arguments.ts'
import { pluginName } from './names.ts'

const TEMPLATE = fileURLToPath(new URL('../template', import.meta.url))

/** Path -> content. */
export function filesOf({ name, role, language }: Arguments): Map<string, string> {
  const { version } = JSON.parse(readFileSync(join(TEMPLATE, '../package.json'), 'utf8')) as { version: string }
  const words: Record<string, string> = {
    __PACKAGE__: name,
    __PLUGIN__: pluginName(name),
    __ROLE__: role,
    __EXT__: language,
    __VERSION__: version,
  }
  const files = new Map<string, string>()
  for (const folder of ['common', language, role]) {
    for (const path of below(join(TEMPLATE, folder))) {
      const text = readFileSync(join(TEMPLATE, folder, path), 'utf8')
      files.set(finalPath(path, language), replaceAll(text, words))
    }
  }
  const example = files.get('example.yaml') ?? ''
  files.delete('example.yaml')
  files.set(
    'README.md',
    files.get('README.md')!.replace('__EXAMPLE__', () => example.trimEnd()),
  )
  return files
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    // "wx": never over a file that is there
    writeFileSync(join(folder, path), text, { flag: 'wx' })
  }
}

/** npm leaves `.gitignore` out of packages; sources need no types, so one template serves both languages. */
function finalPath(path: string, language: string): string {
  return path.replace(/^_gitignore$/, '.gitignore').replace(/\.ts\.txt$/, `.${language}`)
}
function replaceAll(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/__[A-Z]+__/g, (word) => words[word] ?? word)
}
function below(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? below(join(dir, e.name)).map((file) => join(e.name, file)) : [e.name],
  )
}
