// WaitGroup (sync/wait_group.hpp): done() as the last one, against waits with and without a limit, and the
// end of the group as soon as the waits have returned. Each Doer calls done() once; Impatient waits with a
// time limit and then without; Patient waits without (ALONE: there is none).
//   Doer ... done, last_is_done_at_once, reached_zero, last_is_done; add(-n) is the same but for the second
//   wait ... wait_until, wait_slow, lock_to_wait, unlock_after_giving_up, Episode::park: the list is
//            unlocked on the far side of the switch; `made_ready` stands for ready
// All of it is read-modify-writes on one word, so memory is sequentially consistent here.
//
// Holds: a wait returns only at a count of zero, and always returns (Quiet, and ENDS under weak fairness);
// nobody touches the group after the waits have returned (TOUCH).
//
// Mutations, each found to fail: LEAVE_AT_ZERO, CLEAR_AT_ZERO, LOOK_AGAIN, FLAG_AFTER_LOOK, UNLOCK_LAST,
// FORGET_WAITERS.

#define DOERS 2
#define WAITERS 2
#define IMPATIENT 0

#define LIST 1
#define HAS_WAITERS 2
#define ONE 4

#define WAITING 1
#define BY_PARTNER 2
#define BY_DEADLINE 3

byte word = DOERS * ONE;
bool linked[WAITERS];
byte result[WAITERS];
bool made_ready[WAITERS];
byte waits = WAITERS; // have not returned for the last time
bool gone;
byte finished;

#define TOUCH assert(!gone)
#define LISTED (linked[0] || linked[1])

inline lock_list(seen) {
    atomic { !(word & LIST) -> TOUCH; seen = word; word = word | LIST }
}

inline unlock_list(also) {
    atomic { TOUCH; word = word & ~(LIST | (also)) }
}

inline claim(who, won) {
    atomic {
        if
        :: linked[who] ->
            linked[who] = false;
            if
            :: result[who] == WAITING -> result[who] = BY_PARTNER; won = true
            :: else
            fi
        :: else
        fi
    }
}

proctype Doer() {
    byte before, seen;
    bool wake0, wake1;

#ifndef FORGET_WAITERS
    atomic { TOUCH; before = word }
    if
    :: before == (ONE | HAS_WAITERS) -> // last_is_done_at_once
        atomic {
            TOUCH;
            if
            :: word == before -> word = LIST | HAS_WAITERS; goto locked
            :: else
            fi
        }
    :: else
    fi;
#endif
    atomic { TOUCH; before = word; word = word - ONE }
    if
    :: before >= 2 * ONE
#ifndef FORGET_WAITERS
#ifdef LOOK_AGAIN
    :: before < 2 * ONE ->
        atomic { TOUCH; before = word }
        if
        :: !(before & HAS_WAITERS) -> goto out
        :: else
        fi;
#else
    :: before < 2 * ONE && !(before & HAS_WAITERS)
    :: before < 2 * ONE && (before & HAS_WAITERS) ->
#endif
        lock_list(seen); // last_is_done
locked:
        claim(0, wake0);
        claim(1, wake1);
#ifdef UNLOCK_LAST
        if :: wake0 -> made_ready[0] = true :: else fi;
        if :: wake1 -> made_ready[1] = true :: else fi;
        unlock_list(HAS_WAITERS)
#else
        unlock_list(HAS_WAITERS);
        if :: wake0 -> made_ready[0] = true :: else fi;
        if :: wake1 -> made_ready[1] = true :: else fi
#endif
#else
    :: before < 2 * ONE
#endif
    fi;
out:
    finished++
}

// `zero`: returned with the count at zero. Only a wait with a limit may return without.
inline wait(me, limited, seen, before, zero) {
    atomic {
        TOUCH;
#ifdef LEAVE_AT_ZERO
        zero = (word < ONE)
#else
        zero = (word < HAS_WAITERS)
#endif
    }
    if
    :: zero
    :: else ->
#ifdef FLAG_AFTER_LOOK
        lock_list(seen); // wait_slow, lock_to_wait
        if
        :: seen >= HAS_WAITERS -> TOUCH; word = word | HAS_WAITERS
        :: else -> unlock_list(0); zero = true
        fi;
#else
        atomic { // wait_slow, lock_to_wait
            !(word & LIST) || word < HAS_WAITERS -> TOUCH;
            if
            :: word < HAS_WAITERS -> zero = true
            :: else -> word = word | HAS_WAITERS | LIST
            fi
        }
#endif
        if
        :: zero
        :: else ->
            atomic { linked[me] = true; result[me] = WAITING }
            unlock_list(0);
            if
            :: made_ready[me]
            :: atomic { limited && result[me] == WAITING -> result[me] = BY_DEADLINE }
            fi;
            if
            :: result[me] == BY_PARTNER -> zero = true; made_ready[me] = false
            :: else ->
                lock_list(seen);
                linked[me] = false;
                atomic { TOUCH; seen = word } // unlock_after_giving_up
                do
#ifdef CLEAR_AT_ZERO
                :: !LISTED ->
#else
                :: !LISTED && seen >= ONE ->
#endif
                    atomic {
                        TOUCH;
                        if
                        :: word == seen -> word = word & ~(HAS_WAITERS | LIST); break
                        :: else -> seen = word
                        fi
                    }
                :: else -> unlock_list(0); break
                od
            fi;
            result[me] = 0
        fi
    fi;
    assert(!zero || word < ONE);
    seen = 0; before = 0
}

proctype Impatient() {
    byte seen, before;
    bool zero;

    wait(IMPATIENT, true, seen, before, zero);
    if
    :: zero
    :: else -> wait(IMPATIENT, false, seen, before, zero)
    fi;
    assert(zero);
    atomic { waits--; gone = (waits == 0); finished++ }
}

proctype Patient(byte me) {
    byte seen, before;
    bool zero;

    wait(me, false, seen, before, zero);
    assert(zero);
    atomic { waits--; gone = (waits == 0); finished++ }
}

proctype Quiet() {
    timeout -> assert(finished == DOERS + WAITERS)
}

#ifdef ENDS
ltl ends { <> (finished == DOERS + WAITERS) }
#endif

init {
    atomic {
        run Doer();
        run Doer();
        run Impatient();
#ifdef ALONE
        waits--; finished++;
#else
        run Patient(1);
#endif
        run Quiet()
    }
}
