/** The imported configuration as a person would keep it: YAML or TypeScript, each option with the parameter it came from. */
import type { ImportedUse } from './build.ts'
import type { Imported } from './folder.ts'

interface Line {
  readonly depth: number
  readonly text: string
  readonly comment?: string
}
type Comments = ReadonlyMap<string, string>

export function asYaml(imported: Imported): string {
  const comments = commentsOf(imported)
  const lines: Line[] = [
    ...about(imported).map((text) => ({ depth: 0, text: `# ${text}` })),
    ...Object.entries(imported.top).map(([key, value]) => option(key, value, 0, comments.get(`.${key}`))),
    { depth: 0, text: '' },
    { depth: 0, text: 'plugins:' },
    ...imported.uses.flatMap((use) => yamlUse(use, comments)),
  ]
  return text(lines, '#')
}
function yamlUse(use: ImportedUse, comments: Comments): Line[] {
  const options = Object.entries(use.options)
  const name = use.as ?? use.plugin
  return [
    ...(use.about === undefined ? [] : [{ depth: 1, text: `# ${use.about}` }]),
    {
      depth: 1,
      text: options.length > 0 ? `- ${use.plugin}:` : use.as === undefined ? `- ${use.plugin}` : `- ${use.plugin}: {}`,
    },
    ...options.map(([key, value]) => option(key, value, 3, comments.get(`${name}.${key}`))),
    ...(use.as === undefined ? [] : [{ depth: 2, text: `as: ${yaml(use.as)}` }]),
    ...(use.onListener ? [{ depth: 2, text: `onListener: ${yaml(use.onListener)}` }] : []),
  ]
}
const option = (key: string, value: unknown, depth: number, comment?: string): Line => ({
  depth,
  text: `${yaml(key)}: ${yaml(value)}`,
  ...(comment !== undefined && { comment }),
})
/** In one line: a list and a map as in JSON, text bare where that is safe. */
function yaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const inside = Object.entries(value).map(([k, v]) => `${yaml(k)}: ${yaml(v)}`)
    return inside.length === 0 ? '{}' : `{ ${inside.join(', ')} }`
  }
  if (typeof value !== 'string') return JSON.stringify(value)
  if (/^[A-Za-z/][\w./@-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value)) return value
  // eslint-disable-next-line no-control-regex -- only double quotes can write them
  return /[\x00-\x1f\x7f]/.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`
}

export function asTypescript(imported: Imported): string {
  const comments = commentsOf(imported)
  const lines: Line[] = [
    ...about(imported).map((line) => ({ depth: 0, text: `// ${line}` })),
    // a type costs nothing at run time: the file loads beside a postern that is installed elsewhere, too
    { depth: 0, text: "import type { Config } from '@postern/core'" },
    { depth: 0, text: '' },
    { depth: 0, text: 'export default {' },
    ...Object.entries(imported.top).map(([key, value]) => property(key, value, 1, comments.get(`.${key}`))),
    { depth: 1, text: 'plugins: [' },
    ...imported.uses.flatMap((use) => typescriptUse(use, comments)),
    { depth: 1, text: '],' },
    { depth: 0, text: '} satisfies Config' },
  ]
  return text(lines, '//')
}
function typescriptUse(use: ImportedUse, comments: Comments): Line[] {
  const options = Object.entries(use.options)
  const name = use.as ?? use.plugin
  const plain = options.length === 0 && use.as === undefined
  return [
    ...(use.about === undefined ? [] : [{ depth: 2, text: `// ${use.about}` }]),
    ...(plain ? [{ depth: 2, text: `${typescript(use.plugin)},` }] : []),
    ...(plain
      ? []
      : [
          { depth: 2, text: '{' },
          ...(options.length === 0
            ? [{ depth: 3, text: `${typescript(use.plugin)}: {},` }]
            : [
                { depth: 3, text: `${typescript(use.plugin)}: {` },
                ...options.map(([key, value]) => property(key, value, 4, comments.get(`${name}.${key}`))),
                { depth: 3, text: '},' },
              ]),
          ...(use.as === undefined ? [] : [property('as', use.as, 3)]),
          ...(use.onListener ? [property('onListener', use.onListener, 3)] : []),
          { depth: 2, text: '},' },
        ]),
  ]
}
const property = (key: string, value: unknown, depth: number, comment?: string): Line => ({
  depth,
  text: `${/^[A-Za-z]\w*$/.test(key) ? key : typescript(key)}: ${typescript(value)},`,
  ...(comment !== undefined && { comment }),
})
function typescript(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(typescript).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([k, v]) => `${/^[A-Za-z]\w*$/.test(k) ? k : typescript(k)}: ${typescript(v)}`)
      .join(', ')} }`
  if (typeof value !== 'string') return JSON.stringify(value)
  return /['\\\n\r]/.test(value) ? JSON.stringify(value) : `'${value}'`
}

const about = ({ folder }: Imported): string[] => [
  `Made of ${folder} by "postern import". Behind an option stands the parameter that it came from.`,
  `"postern import ${folder} --report" says what became of each parameter.`,
]
/** By the option's place, `use.option`: the parameters it was made of. */
function commentsOf({ origins }: Imported): Comments {
  const comments = new Map<string, string>()
  for (const { parameter, use, option, besides } of origins) {
    // the same name twice says nothing
    if (parameter === option || besides) continue
    const place = `${use}.${option.split('.')[0]}`
    const all = comments.get(place)
    if (all === undefined) comments.set(place, parameter)
    else if (!all.split(', ').includes(parameter)) comments.set(place, `${all}, ${parameter}`)
  }
  return comments
}
const text = (lines: readonly Line[], mark: string): string =>
  lines
    .map(({ depth, text, comment }) =>
      `${text === '' ? '' : '  '.repeat(depth)}${text}${comment === undefined ? '' : ` ${mark} ${comment}`}`.trimEnd(),
    )
    .join('\n') + '\n'
