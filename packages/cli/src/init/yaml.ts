/** A template as YAML. */
import type { Entry, Setting, Template } from './template.ts'

export const asYaml = (t: Template): string =>
  [
    ...t.about.map((a) => `# ${a}`),
    '# "postern check" checks this file, "postern explain --to ADDRESS" shows what it does with a message.',
    '',
    ...t.top.flatMap((s) => [...settingLines(s, ''), '']),
    'plugins:',
    ...t.plugins.flatMap(entryLines),
  ]
    .join('\n')
    .trimEnd() + '\n'

const entryLines = (e: Entry): string[] => [
  `  # ${e.about}`,
  `  - ${e.plugin}:`,
  ...e.settings.flatMap((s) => settingLines(s, '      ')),
  ...(e.as === undefined ? [] : [`    as: ${e.as}`]),
  '',
]
const settingLines = (s: Setting, indent: string): string[] => [
  ...(s.about === undefined ? [] : [`${indent}# ${s.about}`]),
  `${indent}${s.off ? '# ' : ''}${s.key}: ${valueText(s.value)}`,
]
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (typeof value === 'string') return /^[A-Za-z/][\w./-]*$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value)
}
