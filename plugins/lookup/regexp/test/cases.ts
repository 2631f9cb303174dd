/** What tables say, what is warned of, what is refused. */

export type Notation = 'regexp' | 'pcre'
const BOTH: readonly Notation[] = ['regexp', 'pcre']

/** notations, table, key -> value or undefined */
export const answers: [readonly Notation[], string, Record<string, string | undefined>][] = [
  [BOTH, '/^postmaster@/ OK', { 'postmaster@x': 'OK', 'POSTMASTER@X': 'OK', 'web-postmaster@x': undefined }],
  [
    BOTH,
    '/[%!@].*[%!@]/ 550 Sender-specified routing rejected',
    { 'a%b@c': '550 Sender-specified routing rejected', 'a@c': undefined },
  ],
  [
    ['regexp'],
    '/^(.*)-outgoing@(.*)$/!/^owner-.*/ 550 Use ${1}@${2} instead',
    { 'list-outgoing@x': '550 Use list@x instead', 'owner-list-outgoing@x': undefined },
  ],
  [
    BOTH,
    'if !/^owner-/\n/^(.*)-outgoing@(.*)$/  550 Use ${1}@${2} instead\nendif',
    { 'list-outgoing@x': '550 Use list@x instead', 'owner-list-outgoing@x': undefined },
  ],
  [BOTH, '~^[[:alnum:]+/]{60,}$~ OK', { ['aB/+'.repeat(20)]: 'OK', ['aB/+'.repeat(14)]: undefined }],
  [BOTH, '!/a/ none\n/b/ both', { xyz: 'none', ab: 'both', a: undefined }],
  [BOTH, '!!/a/ v\n! /b/ w', { a: 'v', c: 'w', b: undefined }],
  [BOTH, '/(b)(c)?/ $1-${2}-$(1)-$$1', { abd: 'b--b-$1', bc: 'b-c-b-$1' }],
  [BOTH, '/a/i v', { a: 'v', A: undefined }],
  [BOTH, '/a/ii v', { A: 'v' }],
  [
    BOTH,
    'if /a/\nif /b/\n/c/ abc\nendif\n/d/ ad\nendif\n/./ rest',
    { abc: 'abc', ad: 'ad', ab: 'rest', bc: 'rest', bd: 'rest' },
  ],
  [BOTH, 'IF /a/\n/b/ v\nENDIF', { ab: 'v', b: undefined }],
  [BOTH, '# c\n\n/a/ one\n  # c\n   two\n/b/\n\tthree\n', { a: 'one   two', b: 'three' }],
  [BOTH, '/a b/ v\n"c d" w', { 'a b': 'v', 'c d': 'w' }],
  [BOTH, '/a\\/b/ v', { 'a/b': 'v' }],
  [BOTH, '/a/ voilà\r\n/b/ x\r\n', { a: 'voilà', b: 'x' }],
  [BOTH, '/^..@/ two', { 'ü@x': 'two', 'ab@x': 'two', 'a@x': undefined }],
  [BOTH, '/Ü/ v', { Ü: 'v', ü: undefined }],
  // bytes that differ as an upper and a lower case letter of Latin-1 do
  [BOTH, '/^[ü]/ v', { ü: 'v', あ: undefined }],
  [BOTH, '/^ü/ v', { ü: 'v', '\u3f00': undefined }],
  [BOTH, '/x[a-c]y/i v', { xay: 'v', xAy: undefined }],
  [BOTH, '/x[^a-c]y/ v', { xdy: 'v', xay: undefined, xAy: undefined }],
  [BOTH, '/(ü)/ <$1>', { xüy: '<ü>' }],
  [BOTH, '/(viagra|cialis)/ R\n/a.*z/ S', { 'buy CIALIS': 'R', 'a-z': 'S', az: 'S', 'vi agra': undefined }],
  [BOTH, '/(a|ab)(c|bcd)(d*)/ [$1][$2][$3]', { abcd: '[a][bcd][]' }],
  [['regexp'], '/(a|ab)(b*)/ [$1][$2]', { abb: '[a][bb]' }],
  [['regexp'], '/x(a|ab|abc)/ [$1]', { xabc: '[abc]' }],
  [['pcre'], '/x(a|ab|abc)/ [$1]', { xabc: '[a]' }],
  [['regexp'], '/\\(a*\\)b\\{2\\}\\|c/x [$1]', { aabb: '[aa]', '(a)b{2}|c': '[]' }],
  [['regexp'], '/*a/x v', { '*a': 'v', a: undefined }],
  [['regexp'], '/\\<ab\\>/ v', { 'x ab y': 'v', xab: undefined, aby: undefined }],
  [['regexp'], '/a{,2}b)/ v', { 'b)': 'v' }],
  [['pcre'], '/a b # c/x v', { ab: 'v', 'a b': undefined }],
  [['pcre'], '/(?i:a)b/i v', { Ab: 'v', AB: undefined }],
  [['pcre'], '/a(?#comment)+b/ v', { aab: 'v' }],
  [['pcre'], '/^\\d{3}\\s\\x41\\Q.*\\E$/ v', { '123 A.*': 'v', '123 Abc': undefined }],
  [['pcre'], '/(?<n>a)(?P<m>b)/ $2', { ab: 'b' }],
  [['pcre'], '/a{,2}b/ v', { 'a{,2}b': 'v', aab: undefined }],
  [['pcre'], '/a/X v', { a: 'v' }],
]

/** notation, table, warnings */
export const warnings: [readonly Notation[], string, string[]][] = [
  [BOTH, '/a/b/ c', ['1: unknown regexp option "b": skipping this rule']],
  [BOTH, '/a/ ok\n\n/b/é c', ['3: unknown regexp option "?": skipping this rule']],
  [BOTH, '/a/ $1', ['1: out of range replacement index "1": skipping this rule']],
  [BOTH, '!/(a)/ $1', ['1: $number found in negative match replacement text: skipping this rule']],
  [BOTH, '/a/ $0', ['1: bad replacement syntax (out of range replacement index "0"): skipping this rule']],
  [BOTH, '/a/ ${b}', ['1: bad replacement syntax (non-numeric replacement index "b"): skipping this rule']],
  [BOTH, '/a/ ${1', ['1: bad replacement syntax (truncated macro reference: "${1"): skipping this rule']],
  [BOTH, '/a/ b$', ['1: bad replacement syntax (empty macro name: "b$"): skipping this rule']],
  [BOTH, '/a/', ['1: no replacement text: using empty string']],
  [['regexp'], '/a', ['1: no closing regexp delimiter "/": skipping this rule']],
  [['pcre'], '/a', ['1: no closing regexp delimiter "/": ignoring this rule']],
  [BOTH, '!', ['1: no regexp: skipping this rule']],
  [BOTH, 'foo bar', ['1: ignoring unrecognized request']],
  [BOTH, 'endif', ['1: ignoring ENDIF without matching IF']],
  [
    BOTH,
    'if /a/\nif /b/ c\nendif d',
    [
      '2: ignoring extra text after IF statement: "c"',
      '3: ignoring extra text after ENDIF',
      '1: IF has no matching ENDIF',
    ],
  ],
  [BOTH, '  /a/ b\n/c/ d', ['1: logical line must not start with whitespace: "  /a/ b"']],
  [
    ['regexp'],
    '/(a/ b\n/*a/ c\n/a{2/ d\n/a{2,1}/ e\n/[b-a]/ f\n/[a/ g\n/[[:x:]]/ h',
    [
      '1: Unmatched ( or \\(',
      '2: Invalid preceding regular expression',
      '3: Unmatched \\{',
      '4: Invalid content of \\{\\}',
      '5: Invalid range end',
      '6: Unmatched [, [^, [:, [., or [=',
      '7: Invalid character class name',
    ],
  ],
  [
    ['pcre'],
    '/(a/ b\n/*a/ c\n/a)/ d\n/a{2,1}/ e\n/[b-a]/ f\n/[a/ g\n/[[:x:]]/ h\n/\\i/ i',
    [
      '1: error in regex at offset 2: missing closing parenthesis',
      '2: error in regex at offset 1: quantifier does not follow a repeatable item',
      '3: error in regex at offset 1: unmatched closing parenthesis',
      '4: error in regex at offset 5: numbers out of order in {} quantifier',
      '5: error in regex at offset 3: range out of order in character class',
      '6: error in regex at offset 2: missing terminating ] for character class',
      '7: error in regex at offset 3: unknown POSIX class name',
      '8: error in regex at offset 1: unrecognized character follows \\',
    ],
  ],
  [['pcre'], '/a/X b', ['1: ignoring obsolete regexp option "X"']],
]

/** notation, pattern that no engine without backtracking can run, what is said */
export const refused: [Notation, string, string][] = [
  ['pcre', '(?=a)b', 'the lookahead (?='],
  ['pcre', '^(?!owner-)(.*)@', 'the lookahead (?!'],
  ['pcre', '(?<=a)b', 'the lookbehind (?<='],
  ['pcre', '(?<!a)b', 'the lookbehind (?<!'],
  ['pcre', '(a)\\1', 'the back reference \\1'],
  ['pcre', '(?P<n>a)(?P=n)', 'the back reference (?P='],
  ['pcre', 'a++b', 'a possessive repetition'],
  ['pcre', '(?>a+)b', 'the atomic group (?>'],
  ['pcre', '(a|(?R))b', 'the recursion (?R)'],
  ['pcre', 'a{2000}', 'more than 1000 repetitions'],
  ['pcre', '(*UTF)a', 'the verb (*UTF)'],
  ['regexp', '(a)\\1', 'the back reference \\1'],
  ['regexp', '(a{100}){100}', 'more than 1000 repetitions'],
]
