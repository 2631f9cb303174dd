/** The workspace's packages, as the checks see them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..')

const folders = (dir) =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((e) => e.isDirectory() && e.name !== 'node_modules')
        .map((e) => path.join(dir, e.name))
        .sort()
    : []

/** `{ room: 'core' | 'packages' | 'plugins', folder, name, manifest }`, in the order of the folders. */
export function packages(root = ROOT) {
  const found = [
    ['core', [path.join(root, 'core')]],
    ['packages', folders(path.join(root, 'packages'))],
    ['plugins', folders(path.join(root, 'plugins')).flatMap(folders)],
  ]
  return found.flatMap(([room, dirs]) =>
    dirs
      .filter((dir) => existsSync(path.join(dir, 'package.json')))
      .map((folder) => {
        const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
        return { room, folder, name: manifest.name, manifest }
      }),
  )
}

/** Files below `dir` whose name fits, without build output. */
export function filesBelow(dir, fits) {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((e) => {
      const file = path.join(dir, e.name)
      if (e.isDirectory()) return ['node_modules', 'dist', '.git'].includes(e.name) ? [] : filesBelow(file, fits)
      return fits(e.name) ? [file] : []
    })
}
