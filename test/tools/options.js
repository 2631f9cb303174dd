/** The options of a zod schema as rows of a table: path, type, default, description. */
import { z } from 'zod'

/** `{ path, type, fallback, description, required, needsRestart }`, in the order of the schema. */
export function optionRows(schema) {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const defs = json.$defs ?? {}
  const rows = []
  walk(json, '', schema)
  return rows

  function walk(node, path, own) {
    for (const [name, raw] of Object.entries(node.properties ?? {})) {
      const child = resolve(raw)
      const at = path ? `${path}.${name}` : name
      const zod = own?.shape?.[name]
      const fallback = child.default ?? outputDefault(child, zod)
      const required = fallback === undefined && (node.required ?? []).includes(name)
      const { description = '', needsRestart = false } = child
      rows.push({ path: at, type: typeName(child), fallback, description, required, needsRestart })
      below(child, at)
    }
  }
  /** Objects inside: their options get paths of their own. */
  function below(node, path) {
    if (node.postern) return
    if (node.properties) walk(node, path)
    if (node.items) below(resolve(node.items), `${path}[]`)
    if (node.additionalProperties && typeof node.additionalProperties === 'object')
      below(resolve(node.additionalProperties), `${path}.*`)
    for (const variant of node.anyOf ?? node.oneOf ?? []) below(resolve(variant), path)
  }
  function resolve(node) {
    const name = /^#\/\$defs\/(.*)$/.exec(node.$ref ?? '')?.[1]
    return name === undefined ? node : { ...defs[name], ...node }
  }
  function typeName(raw) {
    const node = resolve(raw)
    if (node.postern) return POSTERN[node.postern] ?? node.postern
    if (node.const !== undefined) return JSON.stringify(node.const)
    if (node.enum) return node.enum.map((v) => JSON.stringify(v)).join(' or ')
    const variants = node.anyOf ?? node.oneOf
    if (variants) return [...new Set(variants.map(typeName))].join(' or ')
    if (node.type === 'array') return node.items ? `list of ${bracketed(typeName(node.items))}` : 'list'
    if (node.type === 'object')
      return node.additionalProperties && !node.properties ? `map of ${mapType(node)}` : 'object'
    if (node.type === 'integer' || node.type === 'number') return numberName(node)
    return Array.isArray(node.type) ? node.type.join(' or ') : (node.type ?? 'any')
  }
  function mapType(node) {
    return typeof node.additionalProperties === 'object' ? bracketed(typeName(node.additionalProperties)) : 'any'
  }
}

const POSTERN = { duration: 'duration', size: 'size', secret: 'secret', tableRef: 'table', transportRef: 'transport' }
const bracketed = (type) => (type.includes(' or ') ? `(${type})` : type)

function numberName({ type, minimum, maximum, exclusiveMinimum }) {
  const low = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : finite(minimum) ? `from ${minimum}` : ''
  const high = finite(maximum) ? `to ${maximum}` : ''
  return [type, low, high].filter(Boolean).join(' ')
}
const finite = (n) => n !== undefined && Math.abs(n) < Number.MAX_SAFE_INTEGER

/** A default behind a transform is in the output's units: it is shown as a person would write it. */
function outputDefault(node, zod) {
  const parsed = zod?.safeParse?.(undefined)
  if (!parsed?.success || parsed.data === undefined) return undefined
  if (node.postern === 'duration' && typeof parsed.data === 'number')
    return parsed.data % 1000 ? `${parsed.data}ms` : `${parsed.data / 1000}s`
  if (node.postern === 'secret') return undefined
  return ['number', 'string', 'boolean'].includes(typeof parsed.data) || Array.isArray(parsed.data)
    ? parsed.data
    : undefined
}
