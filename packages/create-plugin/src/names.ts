/** Names: of the npm package, of its folder, of the plugin. */
import { builtinModules } from 'node:module'

/** Why npm would not take this name for a new package; undefined when it would. */
export function nameProblem(name: string): string | undefined {
  const plain = name.replace(/^@[a-z0-9~-][a-z0-9._~-]*\//, '')
  if (name.length > 214) return 'a package name has at most 214 characters'
  if (name !== name.toLowerCase()) return 'a package name has no capitals'
  if (!/^[a-z0-9~-][a-z0-9._~-]*$/.test(plain)) {
    return 'a package name has lower-case letters, digits, "-", "." and "_", and does not begin with "." or "_"'
  }
  if (['node_modules', 'favicon.ico'].includes(plain)) return 'npm keeps this name for itself'
  if (plain === name && builtinModules.includes(plain)) return 'this is the name of a module of Node'
  return undefined
}

/** The folder: the name without its scope. */
export const folderName = (name: string): string => name.replace(/^@[^/]*\//, '')

/** The plugin's own name, which configurations and logs show: letters, digits and hyphens. */
export function pluginName(name: string): string {
  const short = folderName(name)
    .replace(/^postern-(?=.)/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return /^[a-z]/.test(short) ? short : `plugin-${short}`
}
