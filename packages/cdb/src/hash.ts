/** The hash of cdb files (https://cr.yp.to/cdb/cdb.txt): 5381, then h = h * 33 ^ c, in 32 bits. */
export function cdbHash(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let h = 5381
  for (let i = start; i < end; i++) h = (((h << 5) + h) | 0) ^ bytes[i]!
  return h >>> 0
}
