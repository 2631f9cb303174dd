import type { Options } from './rig.ts'

export const F = /^! mysql:/
/** options, then keys with what is found; undefined: absent, a pattern: failed */
export const CASES: [name: string, options: Options, answers: Record<string, string | RegExp | undefined>][] = [
  [
    'columns and rows are one value',
    {},
    {
      'joe@site.example': 'joe',
      'TWO@site.example': 'a@b.example,c,d',
      'nobody@site.example': undefined,
      '': undefined,
    },
  ],
  [
    'quotes and backslashes in keys',
    {},
    { "o'hara@site.example": 'o', 'back\\slash@site.example': 'b', "'": undefined },
  ],
  [
    'nobody ends the query',
    {},
    { "' or '1'='1": undefined, "\\' or 1=1 -- ": undefined, "x'; drop table aliases": undefined },
  ],
  [
    'in double quotes',
    { query: 'select goto from aliases where alias = "%s"' },
    { "o'hara@site.example": 'o', '" or "1"="1': undefined },
  ],
  ['UTF-8', {}, { 'x@ünï.example': 'ümläut', 'X@ÜNÏ.example': 'ümläut' }],
  [
    'values as the server prints them',
    { query: "select n, 1.5, cast(1.1 as float), date('2001-02-03'), x'4142' from aliases where alias = '%s'" },
    { 'joe@site.example': '00007,1.5,1.1,2001-02-03,AB' },
  ],
  ['result_format', { result_format: '%s@%D' }, { 'joe@site.example': 'joe@site.example' }],
  ['result_format with what the key has not', { query: "select '%s'", result_format: '%s@%D' }, { joe: undefined }],
  [
    'parts of a key',
    { query: "select '%u/%d/%1/%2'" },
    { 'a@b.example': 'a/b.example/example/b', bare: undefined, '@b.example': undefined },
  ],
  [
    'domain',
    { domain: 'b.example, !c.example', query: "select '%s'" },
    { 'a@b.example': 'a@b.example', 'a@c.example': undefined, bare: undefined, '@b.example': undefined },
  ],
  [
    'the old options',
    { table: 'aliases', select_field: 'goto', where_field: 'alias', additional_conditions: 'and n < 10' },
    { 'joe@site.example': 'joe', 'no@site.example': undefined },
  ],
  ['expansion_limit', { expansion_limit: 2, query: "select '%u', 'b', '%d'" }, { 'a@b': F }],
  ['expansion_limit reached', { expansion_limit: 2, query: "select '%u', null, 'b', ''" }, { a: 'a,b' }],
  ['a stored procedure', { query: "CALL one('%s')" }, { 'joe@site.example': 'joe', none: undefined }],
  ['a procedure with two result sets', { query: "CALL two('%s')" }, { joe: F }],
  ['a procedure without a result set', { query: "CALL none('%s')" }, { joe: F }],
  ['the same, allowed', { query: "CALL none('%s')", require_result_set: 'no' }, { joe: undefined }],
  ['two statements', { query: "select '%s'; select 1" }, { joe: F }],
  ['a table that is not there', { query: "select a from nosuch where b = '%s'" }, { joe: /nosuch/ }],
  ['a column that is not there', { query: "select nosuch from aliases where alias = '%s'" }, { joe: /nosuch/ }],
  ['a wrong password', { password: 'wrong-one' }, { joe: /Access denied/ }],
  ['a database that is not there', { dbname: 'nosuch' }, { joe: /nosuch|Access denied/ }],
  ['a code outside of quotes', { query: 'select goto from aliases where n = %s' }, { 7: /must stand in quotes/ }],
  ['another character set', { charset: 'latin1', query: "select hex('%s'), '%s'" }, { ü: 'C3BC,ü' }],
  ['a character set with odd second bytes', { charset: 'gbk' }, { ü: /charset/ }],
]
