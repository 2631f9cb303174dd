/** Things a test waits for: a door it opens itself, and an end that may never come. */
export function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open!: (value: T) => void
  const passed = new Promise<T>((resolve) => (open = resolve))
  return { passed, open }
}
/** What `work` gives, or `hangs`: a test that waits for ever says nothing. */
export async function orHangs<T>(work: Promise<T> | T, ms = 5000): Promise<T | 'hangs'> {
  let timer!: NodeJS.Timeout
  const late = new Promise<'hangs'>((resolve) => (timer = setTimeout(() => resolve('hangs'), ms)))
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
/** What plain JavaScript can throw and a careless handler cannot print. */
export const UNPRINTABLE: readonly [name: string, make: () => unknown][] = [
  ['an object without a prototype', () => Object.create(null)],
  ['undefined', () => undefined],
  ['null', () => null],
  ['a symbol', () => Symbol('thrown')],
]
/** What even `instanceof` and the stack cannot be asked of. */
export const UNTOUCHABLE: readonly [name: string, make: () => unknown][] = [
  ['a revoked proxy', revoked],
  ['an error whose stack throws itself', trap],
]
function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
function trap(): unknown {
  const error = new Error('trap')
  Object.defineProperty(error, 'stack', {
    get() {
      throw error
    },
  })
  return error
}
