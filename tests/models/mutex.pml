// Mutex (sync/mutex.hpp) with its word, and the lock of the wait list as one bit of it (wait/word_lock.hpp).
// Every Locker takes it TURNS times; the last one of them may give up when its time is over.
//   try_lock, unlock, unlock_slow, give_up; lock_slow and wait_once in Locker ... the functions of that name
//   spin ... one try_lock, or none    claim_first ... wait/waiter.hpp; a timed wait may have ended itself
//   park ... Episode::park: the list is unlocked on the far side of the switch; `made_ready` stands for ready
// All of it is read-modify-writes on one word, so memory is sequentially consistent here. "Over 1 ms old" is
// either answer at any time.
//
// With ENDING the first Locker belongs to a runtime that ends, the others do not: once it is stopped that Locker runs no
// more where it waits, woken or not, and a claim may or may not see that until the others have been recalled.
//   home ... home_, join_company    Ender ... debug::shut_down, Recall::look_again    listed_for_recall ... Recall::Listed
// One that dies with the mutex handed over to it has it for ever. With RECALLED_TOO some other runtime ends, too, with
// which nobody here has to do: those who are told look again.
//
// Holds: one owner at a time; nobody waits for ever (Quiet), and under weak fairness all come to an end
// (ENDS); nobody touches the mutex after the last one that had to take it has released it, since it may be
// gone (TOUCH).
//
// Mutations, each found to fail: with ENDING: NO_RECALL, RELY_ON_WOKEN, FORGET_HOME, STRANGER_TO_FRONT; with
// RECALLED_TOO besides, MIXED_TO_FRONT; else WOKEN_STAYS, WOKEN_STAYS_IN_WAIT, ENLIST_BLIND, STARVING_STAYS,
// STAYS_IN_LIST, TOUCH_AFTER_RELEASE, CLEAR_WITHOUT_LOCK, HAND_OVER_OPEN, UNLOCK_BLIND, TRY_UNDER_LOCK.

#ifndef LOCKERS
#define LOCKERS 3
#endif
#ifndef TURNS
#define TURNS 1
#endif

#define LIST 1
#define LOCKED 2
#define HAS_WAITERS 4
#define WOKEN 8
#define STARVING 16

#define WAITING 1
#define BY_PARTNER 2
#define BY_DEADLINE 3
#define BY_RECALL 4

#define NEVER_ENDS 1
#define ENDS 2
#define SEVERAL 3

byte word;
byte list[LOCKERS];   // waiters_, the oldest first; guarded by LIST
byte listed;

byte result[LOCKERS]; // of the episode; 0: no call is waiting
bool handed_over[LOCKERS];
bool made_ready[LOCKERS];

byte home = NEVER_ENDS;          // guarded by LIST
bool listed_for_recall[LOCKERS];
bool stopped, recalled, dead, mortal_finished;

byte owners;
byte users = LOCKERS; // have not released it for the last time
bool gone;
byte finished;

#define TOUCH assert(!gone)
#define TIMED(p) ((p) == LOCKERS - 1)
#ifdef ENDING
#define MORTAL(p) ((p) == 0)
#else
#define MORTAL(p) false
#endif

#include "mutex_word.pml"

inline unlock_slow(p, seen, after, next, got) {
    lock_list(seen);
    assert(seen & LOCKED);
    after = seen & (WOKEN | STARVING);
    got = false;
    if
    :: !(seen & WOKEN) || (seen & STARVING) ->
        do // claim_first
        :: listed > 0 && !got ->
            pop_front(next);
            atomic {
                assert(result[next] != 0);
                if
                :: result[next] == WAITING && !(MORTAL(next) && recalled) -> result[next] = BY_PARTNER; got = true
                :: result[next] != WAITING
                :: MORTAL(next) && stopped
                fi
            }
        :: else -> break
        od;
        if
        :: got && (seen & STARVING) ->
            handed_over[next] = true;
#ifndef HAND_OVER_OPEN
            after = after | LOCKED
#endif
        :: got && !(seen & STARVING) -> after = after | WOKEN
        :: else
        fi
    :: else
    fi;
    if
    :: listed == 0 -> after = after & ~STARVING
    :: else -> after = after | HAS_WAITERS
    fi;
    atomic { TOUCH; word = after }
#ifdef TOUCH_AFTER_RELEASE
    TOUCH;
#endif
    if
    :: got -> made_ready[next] = true; got = false
    :: else
    fi;
    seen = 0; after = 0; next = 0
}

inline unlock(p, seen, after, next, got) {
    atomic { TOUCH; seen = word }
    do
#ifdef UNLOCK_BLIND
    :: seen & LOCKED ->
#else
    :: (seen & LOCKED) && (!(seen & HAS_WAITERS) || (seen & (WOKEN | STARVING)) == WOKEN) ->
#endif
        atomic {
            if
            :: word == (seen & ~LIST) -> TOUCH; word = word & ~LOCKED; seen = 0; break
            :: word != seen -> TOUCH; seen = word
            fi
        }
    :: else -> unlock_slow(p, seen, after, next, got); break
    od
}

proctype Locker(byte me) {
    byte seen, after, next, i, turns = TURNS;
    bool got, was_woken, to_front;

    do
    :: turns == 0 -> break
    :: turns > 0 ->
        turns--;
        try_lock(got); // lock
        if
        :: got -> goto locked
        :: else -> spin(got)
        fi;
        if
        :: got -> goto locked
        :: else -> was_woken = false
        fi;
lock_slow:
        if
        :: was_woken ->
            spin(got);
            if
            :: got ->
#ifdef WOKEN_STAYS
                goto locked
#elif defined(CLEAR_WITHOUT_LOCK)
                atomic { word = word & ~WOKEN; goto locked }
#else
                lock_list(seen);
                unlock_list(WOKEN);
                goto locked
#endif
            :: else
            fi
        :: else
        fi;
        // wait_once
        lock_list(seen);
        if
#ifndef WOKEN_STAYS_IN_WAIT
        :: was_woken -> seen = seen & ~WOKEN
#endif
        :: else
        fi;
        if
#ifndef ENLIST_BLIND
        :: !(seen & (LOCKED | STARVING)) -> atomic { TOUCH; word = seen | LOCKED; goto locked }
#endif
        :: else
        fi;
        d_step { // join_company
            if
#ifndef FORGET_HOME
            :: listed == 0 && !(seen & WOKEN) -> home = (MORTAL(me) -> ENDS : NEVER_ENDS)
#else
            :: listed == 0 -> home = (MORTAL(me) -> ENDS : NEVER_ENDS)
#endif
            :: else
            fi;
            to_front = was_woken;
            if
            :: home != (MORTAL(me) -> ENDS : NEVER_ENDS) ->
#ifdef MIXED_TO_FRONT
                to_front = was_woken && (home == SEVERAL);
#elif !defined(STRANGER_TO_FRONT)
                to_front = false;
#endif
                home = SEVERAL
            :: else
            fi
        }
        result[me] = WAITING;
        if
        :: home == SEVERAL ->
            listed_for_recall[me] = true;
#ifndef RELY_ON_WOKEN
            seen = seen & ~WOKEN
#endif
        :: else
        fi;
        if
        :: to_front -> push_front(me)
        :: else -> push_back(me)
        fi;
        if
        :: was_woken -> seen = seen | STARVING
        :: true
        fi;
        to_front = false;
        atomic { TOUCH; word = seen | HAS_WAITERS | LIST; seen = 0 }
        unlock_list(0); // park: the other side of the switch
        if
        :: made_ready[me]
        :: atomic { TIMED(me) && result[me] == WAITING -> result[me] = BY_DEADLINE }
        :: atomic {
            MORTAL(me) && stopped -> dead = true; users--; goto gave_up
           }
        fi;
        listed_for_recall[me] = false;
        if
        :: result[me] == BY_RECALL ->
            lock_list(seen);
            remove_if_linked(me);
            if
            :: listed == 0 -> unlock_list(HAS_WAITERS | STARVING)
            :: else -> unlock_list(0)
            fi;
            atomic { made_ready[me] = false; result[me] = 0; seen = 0; was_woken = true; goto lock_slow }
        :: else
        fi;
        if
        :: result[me] == BY_DEADLINE -> // give_up
            lock_list(seen);
#ifndef STAYS_IN_LIST
            remove_if_linked(me);
#endif
            if
#ifdef STARVING_STAYS
            :: listed == 0 -> unlock_list(HAS_WAITERS)
#else
            :: listed == 0 -> unlock_list(HAS_WAITERS | STARVING)
#endif
            :: else -> unlock_list(0)
            fi;
            atomic { result[me] = 0; seen = 0; users--; goto gave_up }
        :: else
        fi;
        atomic { made_ready[me] = false; result[me] = 0; got = handed_over[me]; handed_over[me] = false }
        if
        :: !got -> was_woken = true; goto lock_slow
        :: else
        fi;
        if
        :: true -> lock_list(seen); unlock_list(STARVING) // it has waited less
        :: true
        fi;
locked:
        atomic { got = false; was_woken = false; seen = 0; owners++; assert(owners == 1) }
        atomic {
            owners--;
            if
            :: turns == 0 -> users--; got = (users == 0)
            :: else
            fi
        }
        // `got`: everybody else has had it, so what comes after our unlock may destroy it
        if
        :: got -> unlock(me, seen, after, next, got); gone = true
        :: else -> unlock(me, seen, after, next, got)
        fi
    od;
gave_up:
    atomic {
        finished++;
        if
        :: MORTAL(me) -> mortal_finished = true
        :: else
        fi
    }
}

proctype Quiet() {
    timeout -> assert(finished == LOCKERS || (dead && handed_over[0]))
}

#ifdef ENDING
inline look_again(p) {
    p = 0;
    do
    :: p < LOCKERS ->
        if
        :: listed_for_recall[p] && result[p] == WAITING -> result[p] = BY_RECALL; made_ready[p] = true
        :: else
        fi;
        p++
    :: else -> break
    od;
    p = 0
}

proctype Ender() {
    byte p;
#ifdef RECALLED_TOO
    atomic { look_again(p) }
#endif
    stopped = true;
    (dead || mortal_finished); // its threads have ended
#ifndef NO_RECALL
    atomic { look_again(p); recalled = true }
#endif
}
#endif

#ifdef ENDS
ltl ends { <> (finished == LOCKERS) }
#endif

init {
    atomic {
        run Locker(0);
        run Locker(1);
#if LOCKERS > 2
        run Locker(2);
#endif
#if LOCKERS > 3
        run Locker(3);
#endif
#ifdef ENDING
        run Ender();
#endif
        run Quiet()
    }
}
