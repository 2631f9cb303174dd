/**
 * The tests as JavaScript, built once for a whole run: a process that compiles what it imports (tsx) needs most of a second
 * before its first test. `import.meta.url` stays that of the source, so files beside it are found; a module of `src` is taken
 * from what `tsc -b` made of it.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { ROOT, filesBelow, packages } from './workspace.js'

const BUILT = path.join(ROOT, 'test/dist')
const META = { url: '__metaUrl', dirname: '__metaDirname', filename: '__metaFilename' }
const isTyped = (name) => name.endsWith('.ts') && !name.endsWith('.d.ts')
const withoutEnding = (file) => file.slice(0, -path.extname(file).length)

/** Where the built form of a test's file is. */
export const builtFile = (file) =>
  path.join(BUILT, `${withoutEnding(path.relative(ROOT, path.resolve(ROOT, file)))}.js`)

/** Each import is of a file that is there: nothing is bundled. */
function locate({ importer, path: name, kind }) {
  if (kind === 'entry-point') return undefined
  if (!name.startsWith('.')) return { path: name, external: true }
  const source = path.resolve(path.dirname(importer), name)
  return { path: relativeTo(builtFile(importer), isTyped(source) ? compiled(source) : source), external: true }
}
/** A module of `core/src` or `packages/NAME/src` is in `dist` beside it. */
function compiled(source) {
  const inside = path.relative(ROOT, source).split(path.sep).join('/')
  const made = path.join(ROOT, `${withoutEnding(inside).replace(/^([^/]+(?:\/[^/]+){0,2})\/src\//, '$1/dist/')}.js`)
  return existsSync(made) ? made : builtFile(source)
}
function relativeTo(from, to) {
  const way = path.relative(path.dirname(from), to).split(path.sep).join('/')
  return way.startsWith('.') ? way : `./${way}`
}
/** On the first line: the lines of a stack stay as near to the source's as they can. */
function withMeta(file) {
  const values = { url: pathToFileURL(file).href, dirname: path.dirname(file), filename: file }
  const names = Object.entries(META).map(([key, name]) => `${name} = ${JSON.stringify(values[key])}`)
  return { contents: `const ${names.join(', ')};${readFileSync(file, 'utf8')}`, loader: 'ts' }
}

/** Builds every test and what stands beside it; throws esbuild's error. What did not change is not written: another run may read it. */
export async function buildTests() {
  const folders = [...packages().map((pkg) => path.join(pkg.folder, 'test')), path.join(ROOT, 'test')]
  const { outputFiles } = await build({
    entryPoints: folders.flatMap((dir) => filesBelow(dir, isTyped)),
    outbase: ROOT,
    outdir: BUILT,
    bundle: true,
    treeShaking: false,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    define: Object.fromEntries(Object.entries(META).map(([key, name]) => [`import.meta.${key}`, name])),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
    plugins: [
      {
        name: 'tests',
        setup(made) {
          made.onResolve({ filter: /.*/ }, locate)
          made.onLoad({ filter: /\.ts$/ }, ({ path: file }) => withMeta(file))
        },
      },
    ],
  })
  for (const { path: file, text } of outputFiles) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(`${file}.${process.pid}`, text)
    renameSync(`${file}.${process.pid}`, file)
  }
}
