import { TableDesk, loadConfig, silentSink } from '@postern/core'
import compose from '@postern/lookup-compose'
import hash from '@postern/lookup-hash'
import inline from '@postern/lookup-inline'
import staticTable from '@postern/lookup-static'

/** Opens tables as the configuration would, with the types that these tests make tables of. */
export async function desk(...more: unknown[]): Promise<TableDesk> {
  const plugins = [compose(), hash(), inline(), staticTable(), ...more]
  return TableDesk.open(await loadConfig({ config: { plugins } as never }), { log: silentSink })
}
