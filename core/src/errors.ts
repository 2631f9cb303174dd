/** The catalogue of errors: stable codes, one text each. What an operator reads must say what to do. */
export const CATALOGUE = {
  PN_CONFIG_NOT_FOUND: 'no configuration found',
  PN_CONFIG_UNREADABLE: 'the configuration cannot be read',
  PN_CONFIG_INVALID: 'the configuration does not check',
  PN_PLUGIN_NOT_FOUND: 'the plugin is not installed',
  PN_PLUGIN_BROKEN: 'the plugin cannot be loaded',
  PN_PLUGIN_CONTRACT: 'the plugin speaks another version of the contract',
  PN_APPLY: 'the plugin failed in apply',
  PN_FROZEN: 'nothing can be tapped after the freeze',
  PN_ORDER_CYCLE: 'the order of the taps has a cycle',
  PN_NEED_MISSING: 'nobody provides what a plugin needs',
  PN_PROVIDED_TWICE: 'a role has two providers',
  PN_TRANSPORT_UNKNOWN: 'nobody provides this transport',
  PN_TABLE_UNKNOWN: 'nobody provides this type of table',
  PN_START: 'a plugin failed to start',
  PN_FAULT_THROWN: 'a plugin threw',
  PN_FAULT_TIMEOUT: 'a plugin did not answer in time',
  PN_FAULT_ANSWER: 'a plugin gave an answer that this stage cannot carry out',
  PN_FAULT_OPEN: 'a plugin failed too often and is left alone for a while',
  PN_REFUSED: 'a message of our own was refused',
  PN_BODY_DAMAGED: 'a stored message is damaged',
  PN_BUSY: 'it is being worked on; try again in a moment',
  PN_STORE: 'the queue store failed',
  PN_STOPPING: 'the node is stopping',
} as const
export type ErrorCode = keyof typeof CATALOGUE

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly code: ErrorCode
  /** file name, or `(embedded)` */
  readonly file: string
  /** path in the file: `plugins[2].options.port` */
  readonly path: string
  readonly message: string
  /** the nearest valid name, where a name was wrong */
  readonly suggestion?: string
}

export class PosternError extends Error {
  readonly code: ErrorCode
  readonly problems: readonly Problem[]
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions & { problems?: readonly Problem[] }) {
    super(detail ? `${CATALOGUE[code]}: ${detail}` : CATALOGUE[code], options)
    this.name = 'PosternError'
    this.code = code
    this.problems = options?.problems ?? []
  }
}
/** A body whose checksum does not hold: what was read must not be sent to its end. */
export class BodyDamaged extends PosternError {
  constructor(detail: string) {
    super('PN_BODY_DAMAGED', detail)
  }
}
/** One problem a line: `file: path: what. Did you mean "x"?` */
export const printProblem = (p: Problem): string =>
  `${p.file}: ${p.path ? p.path + ': ' : ''}${p.message}${p.suggestion ? ` (did you mean "${p.suggestion}"?)` : ''} [${p.code}]`

/** What was thrown, as text; never throws itself, whatever a plugin threw. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'something that cannot be printed'
  }
}
/** The same with the stack where there is one: for the log. */
export function traceOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.stack === 'string') return thrown.stack
  } catch {
    // a getter of a plugin's own making
  }
  return textOf(thrown)
}
