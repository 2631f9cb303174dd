/** What the helpers and the process that starts them say to each other, over the channel of the fork. */
export type ToHelper =
  /** with the connection */
  { readonly kind: 'serve' }
export type FromHelper =
  | { readonly kind: 'idle' }
  /** it has the connection */
  | { readonly kind: 'taken' }
  /** busy, and its event loop turns */
  | { readonly kind: 'alive' }
  /** a program that it has started leads this process group; 0: it has ended */
  | { readonly kind: 'group'; readonly pid: number }
  /** a connection was closed without an answer */
  | { readonly kind: 'refused'; readonly cause: string }
