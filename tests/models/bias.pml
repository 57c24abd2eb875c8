// The bias of a Mutex (sched/bias.hpp) with the word it belongs to (sync/mutex.hpp), under store buffers.
//   lock_by_bias, unlock_by_bias ... Bias::lock and unlock    take_back, give ... the functions of that name
//   lock_list, end_bias, try_lock, unlock_slow ... of Mutex; those who find it locked try again instead of waiting in the list
//   one lock by the same worker gives the bias here, and CHANCES of them end it for good
// A goroutine may let another one of its worker try meanwhile (end_bias by the owner itself), or go on at another worker, which
// unlocks for it (Elsewhere).
//
// Holds: one at a time in the critical section, which sees what the last one wrote (DATA counts them all); nobody waits for
// ever; nobody touches the mutex after the last one that had to take it has released it, since it may be gone (TOUCH), nor is
// a store to it on its way then.
//
// Mutations, each found to fail: LIGHT_TAKE_BACK, NO_SECOND_READ, NO_WAIT_FOR_OWNER, UNLOCK_UNANNOUNCED, LEAVE_FIRST,
// FORGET_HELD, GIVE_ANYWAY, UNLOCK_BLIND.

#define PROCESSES 4

#define WORD 0
#define LEAN 1
#define HELD 2
#define AT_LOCK(worker) (2 + (worker))
#define DATA 5
#define CELLS 6

#include "store_buffer.pml"

#define LIST 1
#define LOCKED 2
#define BIASED 4

#define NOBODY 0
#define CANDIDATE 8
#define NOWHERE 16

#ifndef CHANCES
#define CHANCES 4
#endif
#define TAKES 6

byte inside;
byte turns;     // taken, by all
byte users = 3; // have not released it for the last time
bool gone;
bool baton;     // somebody's lock is to be released elsewhere
byte chances = CHANCES;

#define TOUCH assert(!gone)
#define ON_ITS_WAY(p, i) (waiting[p] > (i) && cell_of[AT(p, i)] < DATA && \
                          cell_of[AT(p, i)] != AT_LOCK(1) && cell_of[AT(p, i)] != AT_LOCK(2))
#define ANY_ON_ITS_WAY(p) (ON_ITS_WAY(p, 0) || ON_ITS_WAY(p, 1) || ON_ITS_WAY(p, 2) || ON_ITS_WAY(p, 3))

inline enter(p, worker) {
    STORE(p, AT_LOCK(worker), 1);
    light_barrier(p)
}

inline lock_by_bias(p, worker, got) {
    got = false;
    if
    :: worker != NOBODY && SEES(p, LEAN) == worker ->
        TOUCH;
        enter(p, worker);
        if
#ifdef NO_SECOND_READ
        :: true ->
#else
        :: atomic { SEES(p, LEAN) == worker -> TOUCH }
#endif
            if
            :: !SEES(p, HELD) -> TOUCH; STORE(p, HELD, 1); got = true
            :: else
            fi
        :: else
        fi;
        STORE(p, AT_LOCK(worker), 0)
    :: else -> TOUCH
    fi
}

inline unlock_by_bias(p, worker, got) {
    got = false;
    if
    :: worker != NOBODY && SEES(p, LEAN) == worker ->
        TOUCH;
#ifndef UNLOCK_UNANNOUNCED
        enter(p, worker);
#endif
        if
        :: atomic { SEES(p, LEAN) == worker && SEES(p, HELD) -> TOUCH }
#ifdef LEAVE_FIRST
            STORE(p, AT_LOCK(worker), 0);
#endif
            atomic { ROOM(p) -> TOUCH; PUT(p, HELD, 0); got = true }
        :: else -> TOUCH
        fi;
        STORE(p, AT_LOCK(worker), 0)
    :: else -> TOUCH
    fi
}

inline use_up_chance(p) {
    atomic {
        ROOM(p) -> chances--;
        if
        :: chances == 0 -> PUT(p, LEAN, NOWHERE)
        :: else
        fi
    }
}

inline take_back(p, worker, owner, held) {
    atomic { owner = SEES(p, LEAN); assert(owner != NOBODY && owner < CANDIDATE) }
    STORE(p, LEAN, CANDIDATE + owner);
    if
    :: owner != worker ->
#ifdef LIGHT_TAKE_BACK
        light_barrier(p);
#else
        heavy_barrier(p);
#endif
#ifndef NO_WAIT_FOR_OWNER
        SEES(p, AT_LOCK(owner)) == 0
#endif
    :: else
    fi;
    held = SEES(p, HELD);
    STORE(p, HELD, 0);
    use_up_chance(p);
    owner = 0
}

// Mutex::lock_list; `seen` is LOCKED or 0.
inline lock_list(p, worker, owner, seen) {
    atomic { FENCED(p) && !(memory[WORD] & LIST) -> TOUCH; seen = memory[WORD]; memory[WORD] = seen | LIST }
    if
    :: seen & BIASED ->
        take_back(p, worker, owner, seen);
#ifdef FORGET_HELD
        seen = 0;
#endif
        seen = (seen -> LOCKED : 0);
        atomic { ROOM(p) -> TOUCH; PUT(p, WORD, seen | LIST) }
    :: else
    fi
}

inline end_bias(p, worker, owner, seen) {
    lock_list(p, worker, owner, seen);
    atomic { FENCED(p) -> TOUCH; memory[WORD] = memory[WORD] & ~LIST }
    seen = 0
}

// The rest of Mutex::lock: by the word, or by taking the bias back; then count() and give().
inline lock_by_word(p, worker, owner, seen) {
    do
    :: atomic { FENCED(p) && memory[WORD] == 0 -> TOUCH; memory[WORD] = LOCKED }
        break
    :: atomic { memory[WORD] & BIASED -> TOUCH }
        end_bias(p, worker, owner, seen)
    :: atomic { memory[WORD] == LOCKED && looks > 0 -> TOUCH; looks-- } // wait_once, but for the wait
        lock_list(p, worker, owner, seen);
        atomic { ROOM(p) -> TOUCH; PUT(p, WORD, seen | LIST) }
        atomic { FENCED(p) -> TOUCH; memory[WORD] = memory[WORD] & ~LIST }
        seen = 0
    od;
    seen = SEES(p, LEAN);
    if
    :: seen == NOWHERE
    :: seen == CANDIDATE + worker && worker == NOBODY // not that often
    :: seen == CANDIDATE + worker && worker == NOBODY -> STORE(p, LEAN, NOWHERE)
    :: seen == CANDIDATE + worker && worker != NOBODY -> // give
        STORE(p, HELD, 1);
        STORE(p, LEAN, worker);
        atomic {
            FENCED(p) -> TOUCH;
            if
#ifdef GIVE_ANYWAY
            :: true -> memory[WORD] = BIASED; seen = 1
#else
            :: memory[WORD] == LOCKED -> memory[WORD] = BIASED; seen = 1
            :: memory[WORD] != LOCKED -> seen = 0
#endif
            fi
        }
        if
        :: !seen -> STORE(p, LEAN, CANDIDATE + worker); STORE(p, HELD, 0)
        :: else
        fi
    :: else -> STORE(p, LEAN, CANDIDATE + worker); use_up_chance(p)
    fi;
    seen = 0
}

inline unlock(p, worker, owner, seen) {
    unlock_by_bias(p, worker, seen);
    if
    :: seen
    :: else ->
        if
        :: atomic { FENCED(p) && memory[WORD] == LOCKED -> TOUCH; memory[WORD] = 0 }
#ifdef UNLOCK_BLIND
        :: atomic { FENCED(p) && (memory[WORD] & BIASED) -> TOUCH; memory[WORD] = 0 }
#else
        :: atomic { FENCED(p) && memory[WORD] != LOCKED -> TOUCH } // unlock_slow
            lock_list(p, worker, owner, seen);
            assert(seen == LOCKED);
            atomic { ROOM(p) -> TOUCH; PUT(p, WORD, 0) }
#endif
        fi
    fi;
    seen = 0
}

// `worker` is the calling thread's worker; NOBODY on a plain thread.
proctype Locker(byte me; byte worker; byte left) {
    byte hand, owner, seen, looks = 2;

    do
    :: left == 0 -> break
    :: left > 0 ->
        left--;
        lock_by_bias(me, worker, seen);
        if
        :: seen -> seen = 0
        :: else -> lock_by_word(me, worker, owner, seen)
        fi;
        inside++;
        assert(inside == 1);
        seen = SEES(me, DATA);
        STORE(me, DATA, seen + 1);
        seen = 0;
        if // another goroutine of this worker tries
        :: atomic { memory[WORD] & BIASED -> TOUCH }
            end_bias(me, worker, owner, seen)
        :: true
        fi;
        atomic {
            turns++; inside--;
            if
            :: left == 0 -> users--; owner = (users == 0)
            :: else
            fi
        }
        hand = owner; owner = 0;
        // `hand`: everybody else has had it, so what comes after our unlock may destroy it
        if
        :: hand -> hand = 0; unlock(me, worker, owner, seen);
            atomic {
                gone = true;
                assert(me == 0 || !ANY_ON_ITS_WAY(0));
                assert(me == 1 || !ANY_ON_ITS_WAY(1));
                assert(me == 2 || !ANY_ON_ITS_WAY(2));
                assert(!ANY_ON_ITS_WAY(3))
            }
        :: !hand -> unlock(me, worker, owner, seen)
#ifdef ELSEWHERE
        :: atomic { !hand && FENCED(me) && !baton -> baton = true }
            !baton
#endif
        fi
    od
}

proctype Elsewhere() {
    byte hand, owner, seen;
end_idle:
    do
    :: baton -> unlock(3, NOBODY, owner, seen); baton = false
    od
}

proctype Memory() {
end_drained:
    do
    :: drain(0)
    :: drain(1)
    :: drain(2)
    :: drain(3)
    od
}

proctype Quiet() {
    timeout -> assert(turns == TAKES && memory[DATA] == TAKES)
}

init {
    memory[LEAN] = CANDIDATE + NOBODY;
    atomic {
        run Locker(0, 1, 3);
        run Locker(1, 2, 2);
        run Locker(2, NOBODY, 1);
        run Elsewhere();
        run Memory();
        run Quiet()
    }
}
