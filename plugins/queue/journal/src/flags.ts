/** Bits of a row's flags, in memory and in STATE, FOLD and checkpoint. */
export const HELD = 1
/** an operator ended its lifetime */
export const EXPIRED = 2
/** the sender has been told of the delay */
export const WARNED = 4
/** an attempt stands without an outcome behind it */
export const TRYING = 8
/** it can be found: committed, and not ended */
export const LIVE = 16
/** the slot has an owner */
export const TAKEN = 32
/** crashes during delivery, 0 to 15 */
export const CRASH_SHIFT = 8
export const CRASHES = 15 << CRASH_SHIFT
/** what a message keeps when its state is folded */
export const KEPT = HELD | EXPIRED | WARNED | TRYING
