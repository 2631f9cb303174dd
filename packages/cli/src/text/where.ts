/** File names as a person in this folder would write them. */
import path from 'node:path'

/** `/home/me/mail/postern.config.yaml: plugins[2]` in /home/me/mail is `postern.config.yaml: plugins[2]`. */
export function shortWhere(where: string, cwd = process.cwd()): string {
  return where.startsWith(cwd + path.sep) ? where.slice(cwd.length + 1) : where
}

/** The same beside a title that names the configuration: what stands in that very file is told by its path alone. */
export const whereIn = (file: string, where: string): string =>
  where.startsWith(`${file}: `) ? where.slice(file.length + 2) : shortWhere(where)
