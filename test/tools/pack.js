/**
 * Packs every published package into a folder; `--check` then runs publint and attw (esm-only profile) over the tarballs.
 *   node test/tools/pack.js FOLDER [--check]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** Names of the tarballs, whole paths. */
export function packAll(root, folder) {
  mkdirSync(folder, { recursive: true })
  const run = spawnSync('npm', ['pack', '--workspaces', '--pack-destination', folder, '--silent'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`npm pack failed:\n${run.stderr}`)
  return readdirSync(folder)
    .filter((f) => f.endsWith('.tgz'))
    .map((f) => path.join(folder, f))
}

function check(tarballs) {
  let bad = 0
  for (const file of tarballs) {
    const tools = [
      ['publint@0.3.25', file],
      ['@arethetypeswrong/cli@0.18.5', '--profile', 'esm-only', file],
    ]
    for (const [tool, ...args] of tools) {
      const run = spawnSync('npx', ['-y', tool, ...args], { encoding: 'utf8', timeout: 120_000 })
      const good = run.status === 0
      if (!good) bad++
      console.log(
        `${good ? 'ok  ' : 'BAD '} ${tool} ${path.basename(file)}${good ? '' : `\n${run.stdout}${run.stderr}`}`,
      )
    }
  }
  return bad
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = path.resolve(process.argv[2] ?? 'packed')
  const tarballs = packAll(process.cwd(), folder)
  console.log(`${tarballs.length} packages in ${folder}`)
  if (process.argv.includes('--check')) process.exitCode = check(tarballs) > 0 ? 1 : 0
}
