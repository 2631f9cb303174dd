/** Something wrong in a configuration folder, in Postfix's words. */
export interface Problem {
  readonly file: string
  /** counted from 1; absent when it belongs to no line */
  readonly line?: number
  readonly text: string
  /** Postfix does not start with it; the others it only warns of */
  readonly fatal: boolean
}

/** A value that cannot be expanded or is not of its parameter's type. Postfix's programs end with it. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError'
  readonly parameter: string | undefined
  constructor(text: string, parameter?: string) {
    super(text)
    this.parameter = parameter
  }
}
