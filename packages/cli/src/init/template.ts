/** A configuration to start from, before it is YAML or TypeScript. */
export interface Setting {
  readonly about?: string
  readonly key: string
  readonly value: unknown
  /** written as a comment: an example of what could be said */
  readonly off?: true
}
export interface Entry {
  readonly about: string
  readonly plugin: string
  readonly as?: string
  readonly settings: readonly Setting[]
}
export interface Template {
  readonly about: readonly string[]
  readonly top: readonly Setting[]
  readonly plugins: readonly Entry[]
}
