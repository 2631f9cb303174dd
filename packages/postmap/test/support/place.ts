/** A folder in which Postfix's commands and ours are asked the same. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { programPath, tempFolder } from '@postern/testkit'

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../bin/postmap.js')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
export class Place {
  readonly folder: string
  readonly #remove: () => Promise<void>
  private constructor(folder: string, remove: () => Promise<void>) {
    this.folder = folder
    this.#remove = remove
  }
  /** With both configurations in `conf`: neither names a table. */
  static async make(files: Readonly<Record<string, string>> = {}): Promise<Place> {
    const { path: folder, remove } = await tempFolder('postmap')
    const place = new Place(folder, remove)
    await chmod(folder, 0o755)
    for (const dir of ['conf', 'bin']) await mkdir(path.join(folder, dir))
    await symlink(BIN, path.join(folder, 'bin/postmap'))
    await symlink(BIN.replace('postmap.js', 'postalias.js'), path.join(folder, 'bin/postalias'))
    await place.write('conf/main.cf', 'compatibility_level = 3.6\n')
    await place.write('conf/postern.config.json', '{ "myhostname": "mail.site.example", "plugins": [] }')
    for (const [name, content] of Object.entries(files)) await place.write(name, content)
    return place
  }
  /** `content` in latin1 */
  write(name: string, content: string): Promise<void> {
    return writeFile(path.join(this.folder, name), content, 'latin1')
  }
  at(name: string): string {
    return path.join(this.folder, name)
  }
  ours(command: string, args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return run(process.execPath, [this.at(`bin/${command}`), ...args], this.folder, input, env)
  }
  theirs(command: string, args: readonly string[], input = ''): Promise<Ended> {
    return run(programPath(command)!, args, this.folder, input, {})
  }
  async clear(...names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.at(name), { force: true })
  }
  remove(): Promise<void> {
    return this.#remove()
  }
}
function run(
  program: string,
  args: readonly string[],
  cwd: string,
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  const { MAIL_CONFIG: _config, ...clean } = process.env
  const child = spawn(program, args, { cwd, env: { ...clean, ...env }, timeout: 60_000 })
  let [out, err] = ['', '']
  child.stdout.setEncoding('latin1').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('latin1').on('data', (text: string) => (err += text))
  // who has seen enough closes its end
  child.stdin.on('error', () => undefined)
  child.stdin.end(input, 'latin1')
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, out, err }))
  })
}
/** A test with a folder of its own. */
export function inPlace(
  files: Readonly<Record<string, string>>,
  test: (place: Place) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const place = await Place.make(files)
    try {
      await test(place)
    } finally {
      await place.remove()
    }
  }
}
