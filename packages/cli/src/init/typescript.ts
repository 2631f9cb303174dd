/** A template as TypeScript. */
import type { Entry, Setting, Template } from './template.ts'

export const asTypescript = (t: Template): string =>
  [
    ...t.about.map((a) => `// ${a}`),
    '// "postern check" checks this file, "postern explain --to ADDRESS" shows what it does with a message.',
    // a type costs nothing at run time: the file loads beside a postern that is installed elsewhere, too
    "import type { Config } from '@postern/core'",
    '',
    'export default {',
    ...t.top.flatMap((s) => [...settingLines(s, '  '), '']),
    '  plugins: [',
    ...t.plugins.flatMap(entryLines),
    '  ],',
    '} satisfies Config',
    '',
  ].join('\n')

const entryLines = (e: Entry): string[] => [
  `    // ${e.about}`,
  '    {',
  `      ${literal(e.plugin)}: {`,
  ...e.settings.flatMap((s) => settingLines(s, '        ')),
  '      },',
  ...(e.as === undefined ? [] : [`      as: ${literal(e.as)},`]),
  '    },',
]
const settingLines = (s: Setting, indent: string): string[] => [
  ...(s.about === undefined ? [] : [`${indent}// ${s.about}`]),
  `${indent}${s.off ? '// ' : ''}${s.key}: ${literal(s.value)},`,
]
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  return typeof value === 'string'
    ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    : JSON.stringify(value)
}
