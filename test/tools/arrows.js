/**
 * Refuses imports against the arrow: plugins -> packages -> core.
 *   node test/tools/arrows.js [ROOT]
 * Prints each refused arrow and ends with 1 when there is one.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, filesBelow, packages } from './workspace.js'

const CORE_MAY = new Set(['tapable', 'cosmiconfig', 'zod'])
// the core knows no wire protocol: sockets and names belong to plugins
const CORE_MAY_NOT = new Set(['net', 'dns', 'dns/promises', 'dgram', 'tls', 'http', 'http2', 'https'])

const isPreset = (pkg) => pkg.room === 'packages' && path.basename(pkg.folder).startsWith('preset-')

/** All refused arrows of the tree at `root`, as lines of text. */
export function refusedArrows(root = ROOT) {
  const all = packages(root)
  const byName = new Map(all.map((pkg) => [pkg.name, pkg]))
  const lines = []
  for (const pkg of all) {
    const where = path.relative(root, pkg.folder)
    for (const name of declared(pkg.manifest)) {
      const why = refusal(pkg, byName.get(name), name)
      if (why) lines.push(`${where}/package.json -> ${name}: ${why}`)
    }
    for (const file of filesBelow(path.join(pkg.folder, 'src'), (n) => /\.(ts|js|mts|mjs)$/.test(n))) {
      for (const target of importsOf(readFileSync(file, 'utf8'))) {
        const why = importRefusal(pkg, file, target, byName)
        if (why) lines.push(`${path.relative(root, file)} -> ${target}: ${why}`)
      }
    }
  }
  return lines
}

/** What runs with the package: a plugin's devDependencies repeat its peers, and tests may import anything. */
function declared(manifest) {
  const { dependencies, peerDependencies, optionalDependencies } = manifest
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
}

function importRefusal(pkg, file, target, byName) {
  if (target.startsWith('.')) {
    const at = path.resolve(path.dirname(file), target)
    return at.startsWith(pkg.folder + path.sep) ? undefined : 'reaches into another folder: import by package name'
  }
  const builtin = target.startsWith('node:') ? target.slice(5) : undefined
  if (builtin !== undefined)
    return pkg.room === 'core' && CORE_MAY_NOT.has(builtin) ? 'the core knows no wire protocol' : undefined
  const name = target.startsWith('@') ? target.split('/', 2).join('/') : target.split('/', 1)[0]
  const other = byName.get(name)
  // an entry that a package offers is as good as its name
  if (other && name !== target && !entries(other.manifest).includes(`.${target.slice(name.length)}`))
    return `import by package name only: ${name}`
  return refusal(pkg, other, name)
}

const entries = ({ exports }) => (typeof exports === 'object' ? Object.keys(exports) : [])

/** Why `pkg` may not use `other` (of the workspace) or the library `name`; undefined when it may. */
function refusal(pkg, other, name) {
  if (pkg.room === 'core')
    return CORE_MAY.has(name) ? undefined : `the core imports only ${[...CORE_MAY].join(', ')} and node:*`
  if (!other || other === pkg || other.room === 'core') return undefined
  if (pkg.room === 'plugins') {
    if (other.room === 'plugins') return 'a plugin never imports a plugin'
    return isPreset(other) ? 'presets are made of plugins, not the other way round' : undefined
  }
  if (other.room === 'plugins') return isPreset(pkg) ? undefined : 'a package never imports a plugin (presets do)'
  if (isPreset(other))
    return path.basename(pkg.folder) === 'cli' || isPreset(pkg) ? undefined : 'only the command imports presets'
  return undefined
}

/** Targets of import and export declarations, import(), import types and require(); comments and strings left out. */
export function importsOf(source) {
  const code = source.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const shapes = [
    /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]\s*\)/g,
  ]
  return [...new Set(shapes.flatMap((shape) => [...code.matchAll(shape)].map((m) => m[1])))]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lines = refusedArrows(process.argv[2] ? path.resolve(process.argv[2]) : ROOT)
  for (const line of lines) console.log(line)
  console.log(lines.length ? `${lines.length} arrows refused` : 'all arrows run the right way')
  process.exitCode = lines.length ? 1 : 0
}
