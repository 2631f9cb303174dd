/** What stands behind `npm create @postern/plugin`. */
export const ROLES = ['policy', 'deliver', 'lookup'] as const
export type Role = (typeof ROLES)[number]

export interface Arguments {
  /** the new package's name */
  readonly name: string
  readonly role: Role
  readonly language: 'ts' | 'js'
}
export type Parsed = { readonly kind: 'create'; readonly arguments: Arguments } | { readonly kind: 'help' } | Wrong
interface Wrong {
  readonly kind: 'wrong'
  readonly message: string
}
const wrong = (message: string): Wrong => ({ kind: 'wrong', message })

export const USAGE = `npm create @postern/plugin NAME [-- OPTIONS]

Makes a folder with a plugin for Postern and a test that passes.

  NAME            the npm package's name: my-plugin, postern-greylist, @acme/postern-quota
  --role ROLE     what it is: ${ROLES.join(', ')} (default: policy)
  --js            plain JavaScript instead of TypeScript`

export function parseArguments(argv: readonly string[]): Parsed {
  const names: string[] = []
  let role: string | undefined = 'policy'
  let language: 'ts' | 'js' = 'ts'
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (word === '--help' || word === '-h') return { kind: 'help' }
    if (word === '--js') language = 'js'
    else if (word === '--role') role = argv[++i]
    else if (word.startsWith('--role=')) role = word.slice('--role='.length)
    else if (word.startsWith('-')) return wrong(`unknown option ${word}`)
    else names.push(word)
  }
  if (!isRole(role)) return wrong(`--role expects one of ${ROLES.join(', ')}`)
  if (names.length !== 1) return wrong(names.length ? `one name, please: ${names.join(' ')}` : 'a name is missing')
  return { kind: 'create', arguments: { name: names[0]!, role, language } }
}
const isRole = (text: string | undefined): text is Role => (ROLES as readonly (string | undefined)[]).includes(text)
