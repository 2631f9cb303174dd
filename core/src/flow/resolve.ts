import type { AddressClass } from '../contract/verdicts.ts'
/** Where mail for an address would go. */
export type ResolvedAddress =
  | { readonly kind: 'routes'; readonly routes: readonly ResolvedRoute[] }
  | { readonly kind: 'failed'; readonly permanent: boolean; readonly esc: string; readonly text: string }
export interface ResolvedRoute {
  readonly address: string
  readonly transport: string
  readonly nexthop: string
  readonly addressClass?: AddressClass
}
